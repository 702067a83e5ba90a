// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace vwb {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return spdlog::level::debug;
    case LogLevel::Info:
        return spdlog::level::info;
    case LogLevel::Warning:
        return spdlog::level::warn;
    case LogLevel::Error:
        return spdlog::level::err;
    case LogLevel::Off:
        return spdlog::level::off;
    }
    return spdlog::level::warn;
}

std::shared_ptr<spdlog::logger> make_logger()
{
    // Colours only where a terminal reads them; NO_COLOR asks for none (no-color.org).
    const auto colour
        = std::getenv("NO_COLOR") ? spdlog::color_mode::never : spdlog::color_mode::automatic;
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colour);
    auto logger = std::make_shared<spdlog::logger>("vwb", sink);
    logger->set_pattern("[%H:%M:%S.%e] %^%l%$ %v");
    const char* wanted = std::getenv("VWB_LOG");
    logger->set_level(wanted ? spdlog::level::from_str(wanted) : spdlog::level::warn);
    return logger;
}

spdlog::logger& logger()
{
    static const std::shared_ptr<spdlog::logger> instance = make_logger();
    return *instance;
}

} // namespace

void set_log_level(LogLevel level)
{
    logger().set_level(spdlog_level(level));
}

void log(LogLevel level, std::string_view tag, std::string_view text)
{
    logger().log(spdlog_level(level), "{}: {}", tag, text);
}

} // namespace vwb
