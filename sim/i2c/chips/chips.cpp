// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/chips/chips.h"

namespace vwb {

const std::vector<ChipModel>& chip_models()
{
    static const std::vector<ChipModel> models = [] {
        auto list = eeprom_24c_models();
        for (auto model : { lm75_model, tmp102_model, pcf8574_model, pca9685_model, ds1307_model,
                 mpu6050_model, bme280_model, sbs_battery_model, registers_model })
            list.push_back(model());
        return list;
    }();
    return models;
}

} // namespace vwb
