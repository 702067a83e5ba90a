// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpiochip_bank.h"

#include "devices/gpio/gpiochip_find.h"
#include "engine/base/units.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/epoll.h>

namespace vwb {

GpiochipBank::GpiochipBank(EventLoop& loop, std::shared_ptr<GpiochipCalls> calls, std::string chip,
    const std::vector<GpiochipLine>& lines, std::unique_ptr<GpiochipOutside> outside)
    : m_loop(loop)
    , m_calls(std::move(calls))
    , m_outside(std::move(outside))
    , m_actions(*this)
    , m_name(std::move(chip))
{
    for (const auto& line : lines) {
        Line state { line, {}, nullptr };
        state.settings = settings_of(state, GpiochipDirection::AsIs);
        if (line.offset >= m_by_offset.size())
            m_by_offset.resize(line.offset + 1);
        m_by_offset[line.offset] = static_cast<uint16_t>(m_lines.size());
        m_lines.push_back(std::move(state));
    }
}

GpiochipBank::~GpiochipBank()
{
    release_all();
}

Actions* GpiochipBank::actions()
{
    return m_outside ? &m_outside->actions() : &m_actions;
}

// The kernel takes each of them with the direction that it is for, and with no other.
GpiochipSettings GpiochipBank::settings_of(const Line& line, GpiochipDirection direction) const
{
    GpiochipSettings settings;
    settings.offset = line.is.offset;
    settings.direction = direction;
    settings.active_low = line.is.active_low;
    if (direction != GpiochipDirection::AsIs)
        settings.bias = line.is.bias;
    if (direction == GpiochipDirection::Input)
        settings.debounce = line.is.debounce;
    if (direction == GpiochipDirection::Output)
        settings.drive = line.is.drive;
    return settings;
}

// --- holding lines ---

Result<void> GpiochipBank::take(uint16_t line)
{
    if (m_lines[line].request)
        return {};
    if (!m_chip)
        VWB_TRY(open_chip());
    VWB_TRY(take_free_lines());
    if (m_lines[line].request)
        return {};
    return in_use(line);
}

Result<void> GpiochipBank::open_chip()
{
    const auto info = VWB_TRY(find_gpiochip(*m_calls, m_name));
    m_chip = m_calls->open(info.path);
    if (!m_chip)
        return Error::from_errno(info.path, errno);
    return {};
}

// Somebody may come between the look at the lines and the request of them: then look once more.
Result<void> GpiochipBank::take_free_lines()
{
    for (int attempt = 0;; ++attempt) {
        std::vector<uint16_t> free;
        Result<void> made;
        for (uint16_t line = 0; line < line_count() && made; ++line) {
            GpiochipLineInfo info;
            if (m_lines[line].request)
                continue;
            if (const int error = m_chip->line_info(m_lines[line].is.offset, info); error < 0)
                return failed(line, "looking at it", -error);
            if (!info.used)
                free.push_back(line);
            if (free.size() == REQUEST_LINES)
                made = make_request(std::exchange(free, {}));
        }
        if (made && !free.empty())
            made = make_request(std::move(free));
        if (made || !m_chip || attempt == 1)
            return made;
    }
}

Result<void> GpiochipBank::make_request(std::vector<uint16_t> lines)
{
    m_scratch.clear();
    for (const auto line : lines)
        m_scratch.push_back(m_lines[line].settings);
    auto request = std::make_unique<Request>();
    request->held = m_chip->request(m_scratch, CONSUMER);
    if (!request->held)
        return failed(lines.front(), "taking it and its neighbours", errno);
    auto* raw = request.get();
    request->watch = VWB_TRY(m_loop.watch(
        raw->held->fd(), EPOLLIN, [this, raw](uint32_t events) { ready(*raw, events); }));
    for (const auto line : lines)
        m_lines[line].request = raw;
    request->lines = std::move(lines);
    m_requests.push_back(std::move(request));
    return {};
}

Error GpiochipBank::in_use(uint16_t line) const
{
    GpiochipLineInfo info;
    std::string who = "somebody else";
    if (m_chip && m_chip->line_info(m_lines[line].is.offset, info) >= 0 && !info.consumer.empty())
        who = "'" + info.consumer + "'";
    const auto own = info.name.empty() ? "" : " '" + info.name + "'";
    return { ErrorKind::Unavailable,
        m_name + " line " + std::to_string(m_lines[line].is.offset) + own + " is used by " + who
            + "; cure: end that, or leave the line out of 'lines'" };
}

Error GpiochipBank::failed(uint16_t line, const char* what, int error)
{
    if (error == ENODEV)
        lost(error);
    const auto text = m_name + " line " + std::to_string(m_lines[line].is.offset) + ": " + what;
    if (error == ENXIO)
        return Error(ErrorKind::Unavailable, text + ": it has no interrupt to tell of edges");
    if (error == E2BIG)
        return Error(ErrorKind::Limit,
            text
                + ": more different settings than the kernel takes in one request; cure: use the"
                  " same bias, drive and debounce for more of the lines");
    return Error::from_errno(text, error);
}

// The chip went away, and everything with it but the settings: they come back with the chip.
void GpiochipBank::lost(int error)
{
    if (!m_chip)
        return;
    for (auto& line : m_lines)
        line.request = nullptr;
    m_requests.clear();
    m_chip.reset();
    ++m_chip_losses;
    if (m_listener)
        m_listener->hardware_trouble(Error::from_errno(m_name + " went away", error));
}

// --- configuring them ---

int GpiochipBank::reconfigure(Request& request)
{
    m_scratch.clear();
    for (const auto line : request.lines)
        m_scratch.push_back(m_lines[line].settings);
    return request.held->reconfigure(m_scratch);
}

Result<void> GpiochipBank::configure(
    uint16_t line, const GpiochipSettings& settings, const char* what)
{
    VWB_TRY(take(line));
    auto& state = m_lines[line];
    if (state.settings == settings)
        return {};
    drain(line); // edges that were seen with the old settings
    if (!state.request)
        return failed(line, what, ENODEV);
    const auto before = std::exchange(state.settings, settings);
    const int error = reconfigure(*state.request);
    if (error >= 0)
        return {};
    state.settings = before;
    return failed(line, what, -error);
}

Result<void> GpiochipBank::set_input(uint16_t line)
{
    auto settings = settings_of(m_lines[line], GpiochipDirection::Input);
    settings.edges = m_lines[line].settings.edges;
    return configure(line, settings, "making it an input");
}

Result<void> GpiochipBank::set_output(uint16_t line, GpioLevel level)
{
    auto& state = m_lines[line];
    if (!state.request || state.settings.direction != GpiochipDirection::Output) {
        auto settings = settings_of(state, GpiochipDirection::Output);
        settings.output = level;
        VWB_TRY(configure(line, settings, "making it an output"));
    } else if (state.settings.output != level) {
        const int error = state.request->held->set_value(state.is.offset, level);
        if (error < 0)
            return failed(line, "setting its value", -error);
        state.settings.output = level;
    } else {
        return {};
    }
    // Of other outputs nobody knows without looking.
    if (state.is.drive == GpiochipDrive::PushPull)
        tell(line, level);
    return {};
}

Result<void> GpiochipBank::watch_edges(uint16_t line, GpioEdges edges)
{
    const auto& now = m_lines[line].settings;
    if (edges == GpioEdges::None && now.edges == GpioEdges::None)
        return {};
    auto settings = settings_of(m_lines[line], GpiochipDirection::Input);
    settings.edges = edges;
    return configure(line, settings, "watching its edges");
}

// Still held, so that nobody takes it away from the guest, which may use it again.
Result<void> GpiochipBank::release(uint16_t line)
{
    if (m_lines[line].settings.direction == GpiochipDirection::AsIs)
        return {};
    return configure(line, settings_of(m_lines[line], GpiochipDirection::Input), "releasing it");
}

void GpiochipBank::release_all()
{
    // The kernel leaves outputs as they are when they are given back.
    for (auto& line : m_lines) {
        if (line.settings.direction == GpiochipDirection::Output)
            line.settings = settings_of(line, GpiochipDirection::Input);
    }
    for (auto& request : m_requests)
        reconfigure(*request); // may fail: the chip may be gone
    for (auto& line : m_lines) {
        line.request = nullptr;
        line.settings = settings_of(line, GpiochipDirection::AsIs);
    }
    m_requests.clear();
    m_chip.reset();
}

// --- levels and edges ---

Result<GpioLevel> GpiochipBank::value(uint16_t line)
{
    VWB_TRY(take(line));
    const int value = m_lines[line].request->held->value(m_lines[line].is.offset);
    if (value < 0)
        return failed(line, "sensing", -value);
    return value == 0 ? GpioLevel::Low : GpioLevel::High;
}

Result<GpioLevel> GpiochipBank::peek(uint16_t line) const
{
    const auto& state = m_lines[line];
    if (!state.request)
        return Error(ErrorKind::Unavailable, "not held: no guest uses it");
    const int value = state.request->held->value(state.is.offset);
    if (value < 0)
        return Error::from_errno("sensing", -value);
    return value == 0 ? GpioLevel::Low : GpioLevel::High;
}

void GpiochipBank::ready(Request& request, uint32_t events)
{
    if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        lost(ENODEV); // and the request is gone
    else
        read_edges(request);
}

// True if there may be more. The request may be gone afterwards.
bool GpiochipBank::read_edges(Request& request)
{
    std::array<GpiochipEdge, 64> edges;
    const int count = request.held->read_edges(edges);
    if (count == -ENODEV)
        lost(ENODEV);
    if (count <= 0)
        return false;
    const auto read = std::span(edges).first(static_cast<size_t>(count));
    uint64_t missed = 0;
    for (const auto& edge : read) {
        missed += edge.sequence - request.last_edge - 1;
        request.last_edge = edge.sequence;
    }
    m_edges += read.size();
    m_edges_lost += missed;
    if (missed > 0 && m_listener)
        m_listener->hardware_trouble(Error(ErrorKind::Limit,
            m_name + ": " + std::to_string(missed)
                + " edges came faster than they were read, and the kernel dropped them"));
    deliver(read);
    return read.size() == edges.size();
}

void GpiochipBank::deliver(std::span<const GpiochipEdge> edges)
{
    for (const auto& edge : edges) {
        const auto line
            = edge.offset < m_by_offset.size() ? m_by_offset[edge.offset] : std::nullopt;
        // What the kernel kept of a line that is watched no more is old news.
        if (line && m_lines[*line].settings.edges != GpioEdges::None)
            tell(*line, edge.level);
    }
}

// As much as the kernel can have kept, and no more: a fast line must not keep the loop.
void GpiochipBank::drain(uint16_t line)
{
    constexpr int KERNEL_KEEPS = 1024;
    for (int read = 0; read < KERNEL_KEEPS; read += 64) {
        auto* request = m_lines[line].request;
        if (!request || !read_edges(*request))
            return;
    }
}

void GpiochipBank::tell(uint16_t line, GpioLevel level)
{
    if (m_listener)
        m_listener->level_changed(line, level);
}

// --- for observers ---

static const char* direction_text(GpiochipDirection direction)
{
    switch (direction) {
    case GpiochipDirection::AsIs:
        return "as-is";
    case GpiochipDirection::Input:
        return "in";
    case GpiochipDirection::Output:
        return "out";
    }
    return "?";
}

void GpiochipBank::inspect(Inspector& inspector) const
{
    inspector.field("kind", m_outside ? m_outside->kind() : "gpiochip");
    inspector.field("chip", m_name);
    inspector.field("path", m_chip ? Value(m_chip->info().path) : Value());
    inspector.field("label", m_chip ? Value(m_chip->info().label) : Value());
    inspector.field("requests", m_requests.size());
    inspector.field("edges", m_edges);
    inspector.field("edges_lost", m_edges_lost);
    inspector.field("chip_losses", m_chip_losses);
    inspector.field("level_interrupts",
        "emulated: gpiochips tell of edges only; an edge wakes, then the level is sensed");
    for (uint16_t line = 0; line < line_count(); ++line)
        inspector.child("line" + std::to_string(line),
            [this, line](Inspector& inner) { inspect_line(line, inner); });
    if (m_outside)
        inspector.child("outside", [this](Inspector& inner) { m_outside->inspect(inner); });
}

void GpiochipBank::inspect_line(uint16_t line, Inspector& inspector) const
{
    const auto& state = m_lines[line];
    inspector.field("offset", state.is.offset);
    inspector.field("held", state.request != nullptr);
    inspector.field("direction", direction_text(state.settings.direction));
    inspector.field("bias", gpiochip_bias_word(state.is.bias));
    inspector.field("drive", gpiochip_drive_word(state.is.drive));
    inspector.field("active_low", state.is.active_low);
    inspector.field("debounce", duration_text(state.is.debounce));
    GpiochipLineInfo info;
    if (m_chip && !state.request && m_chip->line_info(state.is.offset, info) >= 0 && info.used)
        inspector.field("used_by", info.consumer);
}

} // namespace vwb
