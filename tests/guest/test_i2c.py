# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Drivers of a real kernel for chips on the simulated bus, put there by a device tree."""

import json
from collections.abc import Callable

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

# Node, model, address, and what else the bench or the device tree says.
CHIPS = [
    ("battery", "sbs-battery", 0x0B, "", 'compatible = "sbs,sbs-battery";'),
    (
        "expander",
        "pcf8574",
        0x20,
        "",
        'compatible = "nxp,pcf8574"; gpio-controller; #gpio-cells = <2>;',
    ),
    ("pwm", "pca9685", 0x40, "", 'compatible = "nxp,pca9685-pwm"; #pwm-cells = <2>;'),
    ("room", "lm75", 0x48, "", 'compatible = "national,lm75";'),
    ("board", "tmp102", 0x49, "", 'compatible = "ti,tmp102";'),
    ("small", "24c02", 0x50, "", 'compatible = "atmel,24c02"; pagesize = <8>;'),
    ("large", "24c256", 0x52, "", 'compatible = "atmel,24c256"; pagesize = <64>;'),
    ("clock", "ds1307", 0x68, 'time = "2031-05-06T07:08:09"', 'compatible = "dallas,ds1307";'),
    (
        "motion",
        "mpu6050",
        0x69,
        "",
        'compatible = "invensense,mpu6050"; interrupts-extended = <&lines 3 1>;',
    ),
    ("weather", "bme280", 0x76, "", 'compatible = "bosch,bme280";'),
]

# Without a driver, for the tools.
PLAIN = """
[[device.sim.chip]]
address = 0x57
model = "24c01"
name = "plain"
[[device.sim.chip]]
address = 0x30
model = "registers"
name = "map"
registers = [
  { index = 0, name = "id", value = 0x5a },
  { index = 1, name = "control", write_mask = 0xff },
  { index = 2, name = "low", value = 0x34 },
  { index = 3, name = "high", value = 0x12 },
]
"""

TREE = """/dts-v1/;
/ {
	compatible = "vhost-workbench,guest";
	#address-cells = <1>;
	#size-cells = <1>;
	chosen { };
	virtio-gpio {
		compatible = "virtio,uml";
		virtio-device-id = <41>;
		socket-path = "${gpio0}";
		lines: gpio {
			compatible = "virtio,device29";
			gpio-controller;
			#gpio-cells = <2>;
			interrupt-controller;
			#interrupt-cells = <2>;
		};
	};
	virtio-i2c {
		compatible = "virtio,uml";
		virtio-device-id = <34>;
		socket-path = "${i2c0}";
		i2c {
			compatible = "virtio,device22";
			#address-cells = <1>;
			#size-cells = <0>;
CHIPS
		};
	};
};
"""

# RTC_SET_TIME of 31 December 2035, 10:20:30.
SET_CLOCK = """
import fcntl, struct
time = struct.pack("9i", 30, 20, 10, 31, 11, 135, 0, 0, 0)
fcntl.ioctl(open("/dev/rtc0", "rb"), 0x4024700A, time)
"""

DEVICES = "/sys/bus/i2c/devices"


def bench_text() -> str:
    text = '[[device]]\ntype = "gpio"\n[[device]]\ntype = "i2c"\n'
    for name, model, address, keys, _ in CHIPS:
        text += "[[device.sim.chip]]\n"
        text += f'name = "{name}"\nmodel = "{model}"\naddress = {address}\n{keys}\n'
    return text + PLAIN


def start(bench: StartBench, guest: StartGuest) -> tuple[Bench, Guest]:
    running = bench(bench_text())
    nodes = [
        f"\t\t\t{name}@{address:x} {{ reg = <{address}>; {keys} }};"
        for name, _, address, _, keys in CHIPS
    ]
    tree = running.directory / "chips.dts"
    tree.write_text(TREE.replace("CHIPS", "\n".join(nodes)), encoding="utf-8")
    return running, guest(running, "--dt", str(tree))


def act(running: Bench, *words: str) -> None:
    done = running.vwb(*words)
    assert done.returncode == 0, done.stderr


def value_of(running: Bench, signal: str) -> object:
    done = running.vwb("get", f"i2c0.{signal}", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["value"]


def no_problems(running: Bench) -> None:
    done = running.vwb("problems", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr


def hwmon(chip: str) -> str:
    return f"cat {DEVICES}/{chip}/hwmon/hwmon*/temp1_input"


def test_every_driver_binds_its_chip(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    # The tool asks for addresses with zero-length requests; UU is one that a driver has.
    table = " ".join(line.split(":", 1)[1] for line in linux.run("i2cdetect -y 0")[1:])
    assert table.split().count("UU") == len(CHIPS)
    assert {"30", "57"} <= set(table.split())
    no_problems(running)


def test_eeprom_is_written_across_pages(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    for chip, size in (("0-0050", 256), ("0-0052", 32768)):
        eeprom = f"{DEVICES}/{chip}/eeprom"
        linux.run(
            f"head -c 200 /dev/urandom >/run/data; stat -c %s {eeprom} | grep -qx {size} &&"
            f" dd if=/run/data of={eeprom} bs=1 seek=21 conv=notrunc status=none &&"
            f" dd if={eeprom} of=/run/back bs=1 skip=21 count=200 status=none &&"
            " cmp /run/data /run/back"
        )
        linux.run(
            f"dd if=/run/data of={eeprom} bs=200 count=1 conv=notrunc status=none &&"
            f" head -c 200 {eeprom} | cmp - /run/data"
        )
    first = linux.run(f"head -c 1 {DEVICES}/0-0050/eeprom | od -An -tu1")
    assert value_of(running, "small.byte0") == int(first[0])
    act(running, "set", "i2c0.small.byte255=99")
    assert linux.run(f"tail -c 1 {DEVICES}/0-0050/eeprom | od -An -tu1")[0].strip() == "99"
    no_problems(running)


def test_temperatures_follow_the_model(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    for degrees in ("21.5", "-12.5", "100"):
        act(running, "set", f"i2c0.room.temperature={degrees}")
        assert linux.run(hwmon("0-0048")) == [f"{float(degrees) * 1000:.0f}"]
    linux.run(f"echo 60000 >$(echo {DEVICES}/0-0048/hwmon/hwmon*/temp1_max)")
    assert value_of(running, "room.overtemperature") == 60
    # This driver shows a reading for a third of a second.
    act(running, "set", "i2c0.board.temperature=21.0625")
    linux.run(f"until {hwmon('0-0049')} | grep -qx 21062; do :; done")
    no_problems(running)


def test_clock_is_read_and_set(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    assert linux.run("cat /sys/class/rtc/rtc0/date /sys/class/rtc/rtc0/name") == [
        "2031-05-06",
        "rtc-ds1307 0-0068",
    ]
    act(running, "set", "i2c0.clock.time=2040-02-28T23:00:00")
    assert linux.run("cat /sys/class/rtc/rtc0/date") == ["2040-02-28"]
    linux.run(f"/usr/bin/python3 -c '{SET_CLOCK}'")
    assert str(value_of(running, "clock.time")).startswith("2035-12-31T10:2")
    no_problems(running)


def test_sensors_of_iio_give_what_was_set(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    act(running, "set", "i2c0.weather.temperature=-7.25")
    act(running, "set", "i2c0.weather.pressure=98765")
    act(running, "set", "i2c0.weather.humidity=33.5")
    weather = f"cd {DEVICES}/0-0076/iio:device*"
    values = [
        float(line)
        for line in linux.run(
            f"({weather} && cat in_temp_input in_pressure_input in_humidityrelative_input)"
        )
    ]
    assert abs(values[0] / 1000 + 7.25) < 0.02  # degrees
    assert abs(values[1] - 98.765) < 0.002  # kilopascals
    assert abs(values[2] / 1000 - 33.5) < 0.1  # percent
    act(running, "set", "i2c0.motion.accel_x=-0.5")
    act(running, "set", "i2c0.motion.gyro_z=90")
    motion = f"cd {DEVICES}/0-0069/iio:device*"
    raw = linux.run(
        f"({motion} && cat in_accel_x_raw in_accel_scale in_anglvel_z_raw in_anglvel_scale)"
    )
    assert abs(int(raw[0]) * float(raw[1]) + 0.5 * 9.80665) < 0.01  # m/s^2
    assert abs(int(raw[2]) * float(raw[3]) - 1.5708) < 0.01  # rad/s
    no_problems(running)


def test_expander_is_a_gpio_chip(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    chip = linux.run("gpiodetect | sed -n 's/ .pcf8574.*//p'")[0]
    act(running, "set", "i2c0.expander.pin2=0")
    assert linux.run(f"gpioget -c {chip} --numeric 1 2 3") == ["1 0 1"]
    linux.run(f"gpioset -t 0 -c {chip} 5=0")
    assert value_of(running, "expander.pin5") == 0
    no_problems(running)


def test_pwm_outputs_are_seen_outside(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    linux.run(
        f"cd {DEVICES}/0-0040/pwm/pwmchip* && echo 3 >export && echo 20000000 >pwm3/period &&"
        " echo 5000000 >pwm3/duty_cycle && echo 1 >pwm3/enable && cd /"
    )
    assert abs(float(str(value_of(running, "pwm.duty3"))) - 0.25) < 0.001
    assert abs(float(str(value_of(running, "pwm.frequency"))) - 50) < 0.5
    no_problems(running)


def test_battery_is_read_with_its_checksums(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    act(running, "set", "i2c0.battery.voltage=10.5")
    act(running, "set", "i2c0.battery.charge=42")
    battery = "/sys/class/power_supply/sbs-0-000b"
    # It caches what it has just read.
    linux.run(f"until grep -qx 10500000 {battery}/voltage_now; do :; done")
    linux.run(f"until grep -qx 42 {battery}/capacity; do :; done")
    assert linux.run(f"cat {battery}/model_name {battery}/technology") == ["SBS-1", "Li-ion"]
    no_problems(running)


def test_tools_read_and_write(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    assert linux.run("i2cget -y 0 0x30 0") == ["0x5a"]
    assert linux.run("i2cget -y 0 0x30 2 w") == ["0x1234"]
    linux.run("i2cset -y 0 0x30 1 0x77")
    assert value_of(running, "map.control") == 0x77
    assert linux.run("i2ctransfer -y 0 w1@0x30 0 r4") == ["0x5a 0x77 0x34 0x12"]
    linux.run("i2ctransfer -y 0 w5@0x57 0 1 2 3 4")
    assert linux.run("until i2ctransfer -y 0 w1@0x57 0 r5 2>/dev/null; do :; done") == [
        "0x01 0x02 0x03 0x04 0xff"
    ]
    dump = linux.run("i2cdump -y -r 0-15 0 0x57 i")
    assert dump[1].split()[1:6] == ["01", "02", "03", "04", "ff"]
    no_problems(running)


def test_failed_message_fails_its_transfer_alone(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    # Nobody is at 0x33: what is behind it must not be written.
    said = linux.run("i2ctransfer -y 0 w2@0x30 1 0x11 w1@0x33 0 w2@0x30 1 0x22")
    assert "1/3" in said[0]
    assert value_of(running, "map.control") == 0x11
    assert linux.run("i2ctransfer -y 0 w1@0x30 1 r1") == ["0x11"]
    no_problems(running)


def test_bus_that_fails_is_used_again_when_it_is_well(
    bench: StartBench, guest: StartGuest
) -> None:
    running, linux = start(bench, guest)
    get = "i2cget -y 0 0x30 0"
    act(running, "call", "i2c0", "unplug", "chip=map")
    linux.run(f"! {get}")
    act(running, "call", "i2c0", "plug", "chip=map")
    assert linux.run(get) == ["0x5a"]
    act(running, "call", "i2c0", "stretch", "chip=map", "time=20ms")
    assert linux.run(get) == ["0x5a"]
    act(running, "call", "i2c0", "stretch", "chip=map", "time=0s")
    no_problems(running)
    act(running, "call", "i2c0", "stick")
    linux.run(f"! {get}")
    act(running, "call", "i2c0", "release")
    assert linux.run(get) == ["0x5a"]
    assert "i2c.hardware" in running.vwb("problems").stdout


def test_driver_unbinds_and_binds_on_one_connection(bench: StartBench, guest: StartGuest) -> None:
    running, linux = start(bench, guest)
    linux.run(
        "cd /sys/bus/virtio/drivers/i2c_virtio && device=$(echo virtio*) &&"
        " for i in 1 2 3 4 5; do echo $device >unbind && echo $device >bind; done; cd /"
    )
    assert linux.run(hwmon("0-0048")) == ["25000"]
    no_problems(running)
    assert linux.end() == 0


def test_chip_is_added_by_hand_without_a_device_tree(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(bench_text())
    linux = guest(running)
    linux.run("echo lm75 0x48 >/sys/bus/i2c/devices/i2c-0/new_device")
    assert linux.run(hwmon("0-0048")) == ["25000"]
    no_problems(running)
