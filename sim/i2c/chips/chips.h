// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The chip models of the simulated bus: one file for each datasheet part, named like it. What a
// model does is seen through I2cChip alone.
#pragma once

#include "sim/i2c/i2c_chip.h"

#include <vector>

namespace vwb {

std::vector<ChipModel> eeprom_24c_models(); // 24c01 to 24c512
ChipModel lm75_model();
ChipModel tmp102_model();
ChipModel pcf8574_model();
ChipModel pca9685_model();
ChipModel ds1307_model();
ChipModel mpu6050_model();
ChipModel bme280_model();
ChipModel sbs_battery_model();
ChipModel registers_model(); // a register map written in the bench file

// All of them.
const std::vector<ChipModel>& chip_models();

} // namespace vwb
