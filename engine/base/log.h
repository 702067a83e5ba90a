// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Log: lines for people on standard error, with a level and a tag ("gpio0", "control"). Never on
// the request path: there the trace and the problem list speak.
#pragma once

#include <string_view>

namespace vwb {

enum class LogLevel { Debug, Info, Warning, Error, Off };

// Default is Warning, or what VWB_LOG ("debug", "info", "warning", "error", "off") says.
void set_log_level(LogLevel level);

void log(LogLevel level, std::string_view tag, std::string_view text);

inline void log_debug(std::string_view tag, std::string_view text)
{
    log(LogLevel::Debug, tag, text);
}
inline void log_info(std::string_view tag, std::string_view text)
{
    log(LogLevel::Info, tag, text);
}
inline void log_warning(std::string_view tag, std::string_view text)
{
    log(LogLevel::Warning, tag, text);
}
inline void log_error(std::string_view tag, std::string_view text)
{
    log(LogLevel::Error, tag, text);
}

} // namespace vwb
