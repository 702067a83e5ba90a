// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/sharing.h"

namespace vwb {
namespace {

Error nobody()
{
    return { ErrorKind::Unavailable, "no front-end is connected to share anything with" };
}

class NoSharing final : public Sharing {
public:
    void export_object(const Uuid&, UniqueFd, Done done) override { done(nobody()); }
    void withdraw_object(const Uuid&, Done done) override { done(nobody()); }
    void look_up_object(const Uuid&, Found found) override { found(nobody()); }
    void map(const SharedPiece&, UniqueFd, uint64_t, SharedAccess, Done done) override
    {
        done(nobody());
    }
    void unmap(const SharedPiece&, Done done) override { done(nobody()); }
};

} // namespace

std::string to_string(const Uuid& uuid)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < uuid.bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        text += digits[uuid.bytes[i] >> 4];
        text += digits[uuid.bytes[i] & 0xf];
    }
    return text;
}

Sharing& no_sharing()
{
    static NoSharing none;
    return none;
}

} // namespace vwb
