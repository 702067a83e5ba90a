// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures: the recordings of a bench: asks devices what a capture says of them, starts recorders,
// brings them problems and news of sessions, and ends those whose client went away.
#pragma once

#include "engine/capture/capture_recorder.h"
#include "engine/control/device_calls.h"
#include "engine/control/subscriptions.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vwb {

struct CaptureWish {
    std::string path; // of a file that there is not yet, or of a FIFO; empty: in memory
    uint64_t memory = 0; // bytes of the last events that are kept in memory
    uint64_t limit = 0; // bytes of the file; 0: none
    std::string filter;
    PayloadMode payload = PayloadMode::Headers;
    std::vector<BenchDevice*> devices;
    uint64_t requests = 0;
    Duration time { 0 };
    bool detached = false; // goes on without its client
};

// Lives on the control loop. What it is made with lives longer.
class Captures {
public:
    static constexpr size_t MAX_CAPTURES = 8; // that run
    static constexpr size_t MAX_ENDED = 16; // whose outcome is remembered
    static constexpr uint64_t MAX_MEMORY = uint64_t { 4 } << 30;

    using Done = UniqueFunction<void(Result<Value>)>;

    Captures(
        BenchView& bench, EventLoop& control, DeviceCalls& calls, Subscriptions& subscriptions);
    ~Captures();
    Captures(const Captures&) = delete;
    Captures& operator=(const Captures&) = delete;

    // Answers its status. Errors: Invalid, Limit, those of the file.
    void start(uint64_t client, CaptureWish wish, Done done);
    // Answers its last status when it has ended. Errors: NotFound.
    void stop(uint64_t id, Done done);
    // Writes what a capture in memory has kept to a new file. Errors: NotFound, Invalid, Io.
    Result<Value> save(uint64_t id, const std::string& path);
    Result<Value> status(uint64_t id) const;
    Value list() const;
    // Into one of them, or (0) all that run. Errors: NotFound.
    Result<void> note(uint64_t id, const std::string& text);
    void remove_client(uint64_t client);

private:
    struct Entry {
        uint64_t client;
        CaptureWish wish;
        std::unique_ptr<CaptureRecorder> recorder; // null: waits for its devices
        std::vector<Done> waiting; // for its end
        bool ended = false;
    };

    static Result<void> check(const CaptureWish& wish, size_t running);
    void begin(uint64_t id, std::vector<Result<Value>> facts, Done done);
    Result<std::unique_ptr<CaptureRecorder>> recorder_of(
        uint64_t id, const CaptureWish& wish, const std::vector<Result<Value>>& facts);
    RecordingPlan plan_of(const CaptureWish& wish, const std::vector<Result<Value>>& facts) const;
    void on_state(uint64_t id, uint16_t device);
    void on_end(uint64_t id);
    void on_problem(size_t device, const Problem& problem);
    void listen_to_problems(bool on);
    void forget_old();
    size_t running() const;
    Value status_of(uint64_t id, const Entry& entry) const;

    BenchView& m_bench;
    EventLoop& m_control;
    DeviceCalls& m_calls;
    Subscriptions& m_subscriptions;
    unsigned m_problem_key = 0; // 0: nothing runs
    uint64_t m_next_id = 1;
    // Lets news from recorders find out whether we are still here.
    std::shared_ptr<Captures*> m_self;
    std::map<uint64_t, Entry> m_entries; // goes first: recorders end before what they use
};

} // namespace vwb
