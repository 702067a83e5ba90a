// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpiochip_find.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace vwb {
namespace {

constexpr std::pair<const char*, GpiochipBias> BIASES[] = {
    { "as-is", GpiochipBias::AsIs },
    { "disabled", GpiochipBias::Disabled },
    { "pull-up", GpiochipBias::PullUp },
    { "pull-down", GpiochipBias::PullDown },
};
constexpr std::pair<const char*, GpiochipDrive> DRIVES[] = {
    { "push-pull", GpiochipDrive::PushPull },
    { "open-drain", GpiochipDrive::OpenDrain },
    { "open-source", GpiochipDrive::OpenSource },
};

template <typename Words, typename Meaning> const char* word_of(const Words& words, Meaning meaning)
{
    for (const auto& [word, other] : words) {
        if (other == meaning)
            return word;
    }
    return "?";
}

// The meaning of one of the words; without the key, of the first one.
template <typename Words>
auto read_word(ConfigReader& table, const char* key, const Words& words)
    -> Result<decltype(words[0].second)>
{
    std::vector<std::string_view> known;
    for (const auto& entry : words)
        known.emplace_back(entry.first);
    const auto word = VWB_TRY(table.word_or(key, known[0], known));
    return words[std::ranges::find(known, word) - known.begin()].second;
}

bool is_number(const std::string& text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string list_of(const std::vector<GpiochipInfo>& chips)
{
    std::string list;
    for (const auto& chip : chips)
        list += (list.empty() ? "" : ", ") + chip.name + " (" + chip.label + ")";
    return list.empty() ? "none that may be used" : list;
}

Result<GpiochipInfo> open_info(GpiochipCalls& calls, const std::string& path)
{
    if (const auto chip = calls.open(path))
        return chip->info();
    const int error = errno;
    auto failed = Error::from_errno(path, error);
    if (error == EACCES)
        return Error(failed.kind(),
            failed.message() + "; cure: join the group that owns it, or a udev rule");
    if (error == ENOENT)
        return Error(failed.kind(), failed.message() + "; there are: " + list_of(calls.chips()));
    return failed;
}

} // namespace

const char* gpiochip_bias_word(GpiochipBias bias)
{
    return word_of(BIASES, bias);
}

const char* gpiochip_drive_word(GpiochipDrive drive)
{
    return word_of(DRIVES, drive);
}

Result<GpiochipInfo> find_gpiochip(GpiochipCalls& calls, const std::string& chip)
{
    if (!calls.available())
        return Error(ErrorKind::Unavailable,
            "this program was built without libgpiod 2; cure: install libgpiod-dev (on Debian 12 of"
            " bookworm-backports) and build again");
    if (chip.starts_with('/'))
        return open_info(calls, chip);
    if (is_number(chip))
        return open_info(calls, "/dev/gpiochip" + chip);
    const auto all = calls.chips();
    std::vector<GpiochipInfo> found;
    std::ranges::copy_if(all, std::back_inserter(found),
        [&](const auto& info) { return info.name == chip || info.label == chip; });
    if (found.size() == 1)
        return found.front();
    if (found.empty()
        && is_number(chip.substr(std::min(chip.size(), std::string("gpiochip").size())))
        && chip.starts_with("gpiochip"))
        return open_info(calls, "/dev/" + chip); // says why it is not to be had
    return Error(found.empty() ? ErrorKind::NotFound : ErrorKind::Invalid,
        (found.empty() ? "there is no gpiochip '" : "there are several gpiochips '") + chip
            + "'; there are: " + list_of(found.empty() ? all : found));
}

namespace {

constexpr uint32_t MAX_LINES = 1024;

Result<std::vector<GpiochipLineInfo>> lines_of(Gpiochip& chip)
{
    std::vector<GpiochipLineInfo> infos(std::min(chip.info().lines, MAX_LINES));
    for (uint32_t offset = 0; offset < infos.size(); ++offset) {
        if (const int error = chip.line_info(offset, infos[offset]); error < 0)
            return Error::from_errno(chip.info().path + " line " + std::to_string(offset), -error);
    }
    return infos;
}

Result<uint32_t> find_line(const std::vector<GpiochipLineInfo>& infos, const std::string& line)
{
    if (is_number(line)) {
        if (line.size() <= 5 && std::stoul(line) < infos.size())
            return static_cast<uint32_t>(std::stoul(line));
        return Error(ErrorKind::NotFound,
            "there is no line " + line + "; the chip has lines 0 to "
                + std::to_string(infos.size() - 1));
    }
    const auto found = std::ranges::find(infos, line, &GpiochipLineInfo::name);
    std::vector<std::string> names;
    std::ranges::transform(infos, std::back_inserter(names), &GpiochipLineInfo::name);
    if (found == infos.end()) {
        const auto near = nearest_word(line, names);
        return Error(ErrorKind::NotFound,
            "there is no line '" + line + "'"
                + (near.empty() ? "; expected a name of the chip's, or a number"
                                : "; did you mean '" + near + "'?"));
    }
    if (std::ranges::count(names, line) > 1)
        return Error(ErrorKind::Invalid,
            "there are several lines '" + line + "'; expected the number of one");
    return static_cast<uint32_t>(found - infos.begin());
}

Result<GpiochipLine> read_line(const std::vector<GpiochipLineInfo>& infos, ConfigReader& table)
{
    GpiochipLine line;
    auto offset = find_line(infos, VWB_TRY(table.name_or_number("line")));
    if (!offset)
        return table.error("line", offset.error().message());
    line.offset = *offset;
    line.name = VWB_TRY(table.string_or("name", infos[line.offset].name));
    line.bias = VWB_TRY(read_word(table, "bias", BIASES));
    line.drive = VWB_TRY(read_word(table, "drive", DRIVES));
    line.debounce = VWB_TRY(table.duration_or("debounce", Duration(0)));
    if (line.debounce > std::chrono::seconds(60))
        return table.error("debounce", "expected at most \"60s\"");
    line.active_low = VWB_TRY(table.boolean_or("active_low", false));
    VWB_TRY(table.finish());
    return line;
}

// Chips may have one name for several lines ("NC"); a guest may not see it twice.
std::vector<GpiochipLine> all_lines(const std::vector<GpiochipLineInfo>& infos)
{
    std::vector<GpiochipLine> lines;
    for (uint32_t offset = 0; offset < infos.size(); ++offset) {
        const auto& name = infos[offset].name;
        lines.emplace_back().offset = offset;
        if (std::ranges::count(infos, name, &GpiochipLineInfo::name) == 1)
            lines.back().name = name;
    }
    return lines;
}

Result<std::unique_ptr<GpioHardware>> create(
    const std::shared_ptr<GpiochipCalls>& calls, EventLoop& loop, ConfigReader& table)
{
    auto name = VWB_TRY(table.name_or_number("chip"));
    const auto info = find_gpiochip(*calls, name);
    if (!info)
        return Error(
            info.error().kind() == ErrorKind::Invalid ? ErrorKind::Invalid : ErrorKind::Unavailable,
            table.error("chip", info.error().message()).message());
    const auto chip = calls->open(info->path);
    if (!chip)
        return Error::from_errno(info->path, errno);
    const auto lines = VWB_TRY(read_gpiochip_lines(*chip, table));
    VWB_TRY(table.finish());
    return std::unique_ptr<GpioHardware>(
        std::make_unique<GpiochipBank>(loop, calls, std::move(name), lines));
}

} // namespace

Result<std::vector<GpiochipLine>> read_gpiochip_lines(Gpiochip& chip, ConfigReader& table)
{
    const auto infos = VWB_TRY(lines_of(chip));
    auto tables = VWB_TRY(table.tables_or("lines", "line"));
    if (!table.has("lines"))
        return all_lines(infos);
    if (tables.empty() || tables.size() > MAX_LINES)
        return table.error("lines", "expected 1 to " + std::to_string(MAX_LINES) + " lines");
    std::vector<GpiochipLine> lines;
    for (auto& item : tables) {
        auto line = VWB_TRY(read_line(infos, item));
        if (std::ranges::count(lines, line.offset, &GpiochipLine::offset) > 0)
            return item.error(
                "line", "line " + std::to_string(line.offset) + " is in 'lines' already");
        // virtio 1.4, 5.18.6.1: names are unique.
        if (!line.name.empty() && std::ranges::count(lines, line.name, &GpiochipLine::name) > 0)
            return item.error(
                "name", "'" + line.name + "' is the name of another line; expected a unique one");
        lines.push_back(std::move(line));
    }
    return lines;
}

Result<std::unique_ptr<GpioHardware>> make_gpiochip_hardware(EventLoop& loop,
    const std::string& path, const std::vector<std::string>& names,
    std::unique_ptr<GpiochipOutside> outside)
{
    auto calls = system_gpiochip_calls();
    VWB_TRY(find_gpiochip(*calls, path));
    std::vector<GpiochipLine> lines;
    for (uint32_t offset = 0; offset < names.size(); ++offset)
        lines.push_back({ names[offset], offset });
    return std::unique_ptr<GpioHardware>(
        std::make_unique<GpiochipBank>(loop, std::move(calls), path, lines, std::move(outside)));
}

GpioHardwareKind gpiochip_kind(std::shared_ptr<GpiochipCalls> calls)
{
    return { .name = "gpiochip",
        .help = "lines of a gpiochip of this machine, through libgpiod",
        .example = R"(chip = "gpiochip0"             # or: 0, "/dev/gpiochip0", or the chip's label
# which lines, in the guest's order: names or numbers, or tables; default: all
lines = [
  "button",
  3,
  { line = "led", name = "x", bias = "pull-up", drive = "open-drain", active_low = true },
  { line = 7, debounce = "5ms" },
]
# bias: as-is, disabled, pull-up, pull-down; drive: push-pull, open-drain, open-source
)",
        .create = [calls = std::move(calls)](EventLoop& loop, ConfigReader& table) {
            return create(calls, loop, table);
        } };
}

} // namespace vwb
