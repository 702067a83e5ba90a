// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb extcap": Wireshark's live capture interface, extcap(4): the devices of a running bench as
// interfaces that one clicks on. Wireshark starts it again for every question.
#include "engine/capture/export_pcapng.h"
#include "engine/cli/capture_commands.h"
#include "engine/cli/file_output.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/live_capture.h"
#include "engine/cli/table.h"

#include <algorithm>
#include <cstdio>

namespace vwb {
namespace {

constexpr std::string_view PREFIX = "vwb:";
constexpr std::string_view BUS = ":bus";

struct ExtcapInterface {
    std::string name; // "vwb:gpio0", "vwb:i2c0:bus"
    std::string device;
    std::string type;
    uint16_t link_type;
};

Result<std::vector<ExtcapInterface>> interfaces_of(
    const std::string& control, const CaptureTypes& types)
{
    const auto client = VWB_TRY(ControlClient::connect(control));
    const Value list = VWB_TRY(client->call("device.list"));
    const Value* devices = list.find("devices");
    const auto* entries = devices ? devices->as_list() : nullptr;
    std::vector<ExtcapInterface> interfaces;
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        const std::string device = text_of((*entries)[i], "name");
        const std::string type = text_of((*entries)[i], "type");
        const std::string name = std::string(PREFIX) + device;
        interfaces.push_back({ name, device, type, LINKTYPE_USER0 });
        if (types.two_wire(type))
            interfaces.push_back({ name + std::string(BUS), device, type, LINKTYPE_I2C_LINUX });
    }
    return interfaces;
}

// Wireshark asks this whenever it starts: without a bench there are no interfaces, and no error.
void print_interfaces(const ExtcapOptions& options, const CaptureTypes& types)
{
    std::printf("extcap {version=" VWB_VERSION "}{display=vhost-workbench}\n");
    const auto control = find_control_socket(options.observer.control);
    const auto interfaces = control ? interfaces_of(*control, types)
                                    : Result<std::vector<ExtcapInterface>>(control.error());
    if (!interfaces)
        return;
    for (const auto& interface : *interfaces)
        std::printf("interface {value=%s}{display=vhost-workbench %s %s}\n", interface.name.c_str(),
            interface.device.c_str(),
            interface.link_type == LINKTYPE_USER0 ? interface.type.c_str() : "bus");
}

void print_link_type(const ExtcapOptions& options)
{
    if (options.interface.ends_with(BUS))
        std::printf("dlt {number=%u}{name=I2C_LINUX}{display=I2C transfers}\n", LINKTYPE_I2C_LINUX);
    else
        std::printf("dlt {number=%u}{name=USER0}{display=vhost-workbench records (vwb.lua)}\n",
            LINKTYPE_USER0);
}

void print_configuration()
{
    std::printf("arg {number=0}{call=--filter}{display=Filter of vhost-workbench}{type=string}"
                "{tooltip=Record only what fits, like gpio.line == 3}\n"
                "arg {number=1}{call=--control}{display=Control socket}{type=string}"
                "{tooltip=Of the bench, if several run}\n");
}

Result<ExtcapInterface> find_interface(
    const ExtcapOptions& options, const std::string& control, const CaptureTypes& types)
{
    const auto interfaces = VWB_TRY(interfaces_of(control, types));
    const auto found = std::ranges::find(interfaces, options.interface, &ExtcapInterface::name);
    if (found != interfaces.end())
        return *found;
    std::string names;
    for (const auto& interface : interfaces)
        names += " " + interface.name;
    return Error(ErrorKind::NotFound,
        "there is no interface '" + options.interface + "'; there are:" + names);
}

Result<int> capture(const ExtcapOptions& options, const CaptureTypes& types)
{
    if (options.fifo.empty())
        return Error(ErrorKind::Invalid, "extcap --capture needs --fifo PATH");
    const Interrupt interrupt;
    const auto control = VWB_TRY(find_control_socket(options.observer.control));
    const auto interface = VWB_TRY(find_interface(options, control, types));
    const auto out = VWB_TRY(FileOutput::open(options.fifo));
    Value parameters = Value::object();
    Value devices = Value::list();
    devices.append(interface.device);
    parameters.set("devices", std::move(devices));
    parameters.set("filter", options.filter.empty() ? options.capture_filter : options.filter);
    const auto live = VWB_TRY(LiveCapture::start(control, std::move(parameters),
        [&out] { return Interrupt::requested() || out->failed(); }));
    PcapngExport packets(*out, types.two_wire);
    packets.set_only_link_type(interface.link_type);
    CapturePlayer player(live->reader(), schemas_of(types.registry));
    VWB_TRY(player.play(packets));
    out->flush();
    return 0; // Wireshark that went away has seen enough
}

} // namespace

Result<int> extcap_command(const ExtcapOptions& options, const CaptureTypes& types)
{
    if (options.interfaces)
        print_interfaces(options, types);
    else if (options.link_types)
        print_link_type(options);
    else if (options.config)
        print_configuration();
    else if (options.capture)
        return capture(options, types);
    else
        return Error(ErrorKind::Invalid,
            "extcap is started by Wireshark; try: vwb extcap --extcap-interfaces");
    return 0;
}

} // namespace vwb
