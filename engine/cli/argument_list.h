// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ArgumentList: how a command says which options and arguments it takes, and where their values go,
// without knowing the option library. command_line implements it.
#pragma once

#include "engine/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vwb {

enum class Need { Optional, Required };

// An option: "--kernel", what its value is called in help and errors, and what it does.
struct OptionText {
    const char* name;
    const char* value;
    const char* help;
};

// What is not given leaves its target as it was. Targets stay valid until the line is parsed.
class ArgumentList {
public:
    // --- by position ---
    virtual void argument(const char* name, std::string& into, const char* help, Need need) = 0;
    // label: as usage shows it, "SIGNAL=VALUE..."
    virtual void arguments(const char* label, std::vector<std::string>& into, const char* help,
        Need need = Need::Optional)
        = 0;

    // --- by name ---
    virtual void flag(const char* name, bool& into, const char* help) = 0;
    virtual void text(const OptionText& option, std::string& into) = 0;
    // May be repeated.
    virtual void texts(const OptionText& option, std::vector<std::string>& into) = 0;
    // Some of these words, separated by commas; of any if none are known.
    virtual void words(const OptionText& option, std::vector<std::string>& into,
        const std::vector<std::string>& known)
        = 0;
    // One of these words.
    virtual void word(
        const OptionText& option, std::string& into, const std::vector<std::string>& known)
        = 0;
    virtual void number(const OptionText& option, int& into) = 0; // 0 or more
    virtual void number(const OptionText& option, uint64_t& into) = 0; // 1 or more
    virtual void number(const OptionText& option, std::optional<uint32_t>& into) = 0;
    virtual void real(const OptionText& option, double& into, double least, double most) = 0;
    virtual void duration(const OptionText& option, Duration& into) = 0;
    virtual void size(const OptionText& option, uint64_t& into) = 0; // bytes
    // Both were added before; a user gives one of them.
    virtual void exclusive(const char* one, const char* other) = 0;
    // Text after everything else in the help of the command.
    virtual void explain(const std::string& text) = 0;

protected:
    ~ArgumentList() = default;
};

} // namespace vwb
