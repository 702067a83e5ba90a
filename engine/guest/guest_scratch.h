// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The one temporary folder of a guest on the host: UML's own files, the compiled device tree, and
// the guest directory when the caller has none. Gone at the end; while the guest runs the keeper
// answers for that, so that it holds even if this process is killed.
#pragma once

#include "engine/base/result.h"

#include <string>

namespace vwb {

class GuestScratch {
public:
    static Result<GuestScratch> create();
    GuestScratch(GuestScratch&& other) noexcept;
    GuestScratch& operator=(GuestScratch&&) = delete;
    ~GuestScratch();

    const std::string& path() const { return m_path; }
    std::string uml_folder() const { return m_path + "/uml"; }
    // The folder the guest may write to: $VWB_GUEST_DIR if set, else one in here.
    Result<std::string> guest_directory() const;

private:
    explicit GuestScratch(std::string path)
        : m_path(std::move(path))
    {
    }

    std::string m_path;
};

} // namespace vwb
