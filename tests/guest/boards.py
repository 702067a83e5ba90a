# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Device trees of guests that several tests boot."""

# Every protocol that scmi0 may have; what its platform lacks Linux leaves out.
SCMI_TREE = """
/dts-v1/;
/ {
    #address-cells = <1>;
    #size-cells = <1>;
    chosen { };
    virtio-scmi {
        compatible = "virtio,uml";
        virtio-device-id = <32>;
        socket-path = "${scmi0}";
    };
    firmware {
        scmi {
            compatible = "arm,scmi-virtio";
            #address-cells = <1>;
            #size-cells = <0>;
            protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
            protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
            protocol@14 { reg = <0x14>; #clock-cells = <1>; };
            protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };
            protocol@16 { reg = <0x16>; #reset-cells = <1>; };
            protocol@17 {
                reg = <0x17>;
                regulators {
                    #address-cells = <1>;
                    #size-cells = <0>;
                    regulator@0 {
                        reg = <0>;
                        regulator-name = "vdd_io";
                        regulator-min-microvolt = <1800000>;
                        regulator-max-microvolt = <3300000>;
                    };
                };
            };
        };
    };
};
"""
