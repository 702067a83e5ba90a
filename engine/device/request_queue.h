// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RequestQueue: requests that wait for their turn, oldest first. Unlike std::deque it takes no
// memory while they come and go: only when more wait than ever before.
#pragma once

#include "engine/device/request.h"

#include <cstddef>
#include <iterator>
#include <vector>

namespace vwb {

// One thread. Whoever owns it completes or gives back what is in it before it goes.
class RequestQueue {
public:
    // Room for so many from the start.
    explicit RequestQueue(size_t room = 256) { m_requests.reserve(room); }

    bool empty() const { return m_requests.empty(); }
    size_t size() const { return m_requests.size() - m_first; }
    void push(Request request)
    {
        if (m_first > 0 && m_requests.size() == m_requests.capacity()) {
            m_requests.erase(m_requests.begin(), begin());
            m_first = 0;
        }
        m_requests.push_back(std::move(request));
    }
    Request& front() { return m_requests[m_first]; }
    // The oldest one, which has been completed or moved away.
    void pop()
    {
        if (++m_first == m_requests.size())
            clear();
    }
    // All of them, likewise.
    void clear()
    {
        m_requests.clear();
        m_first = 0;
    }

    std::vector<Request>::iterator begin()
    {
        return m_requests.begin() + static_cast<std::ptrdiff_t>(m_first);
    }
    std::vector<Request>::iterator end() { return m_requests.end(); }

private:
    std::vector<Request> m_requests;
    size_t m_first = 0; // those before it are done; never all of them
};

} // namespace vwb
