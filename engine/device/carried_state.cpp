// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/carried_state.h"

#include "engine/virtqueue/ring_layout.h"

namespace vwb {
namespace {

void save(const CarriedChain& chain, StateWriter& state)
{
    state.put(chain.head);
    state.put(chain.slots);
    state.put(static_cast<uint8_t>(chain.indirect));
    state.put(static_cast<uint8_t>(chain.written.has_value()));
    state.put(chain.written.value_or(0));
    state.put(chain.readable_pieces);
    state.put(static_cast<uint32_t>(chain.pieces.size()));
    for (const auto& piece : chain.pieces) {
        state.put(piece.guest_address);
        state.put(piece.size);
    }
}

Result<CarriedChain> load(StateReader& state)
{
    CarriedChain chain {};
    chain.head = state.get<uint16_t>();
    chain.slots = state.get<uint16_t>();
    chain.indirect = state.get<uint8_t>() != 0;
    const bool used = state.get<uint8_t>() != 0;
    const auto written = state.get<uint32_t>();
    if (used)
        chain.written = written;
    chain.readable_pieces = state.get<uint32_t>();
    const auto pieces = state.get<uint32_t>();
    if (pieces > MAX_QUEUE_SIZE || chain.readable_pieces > pieces)
        return Error(ErrorKind::Invalid,
            "a request of " + std::to_string(pieces) + " pieces, "
                + std::to_string(chain.readable_pieces) + " of them readable");
    for (uint32_t i = 0; i < pieces && !state.missing(); ++i) {
        const auto address = state.get<uint64_t>();
        chain.pieces.push_back({ address, state.get<uint32_t>() });
    }
    return chain;
}

} // namespace

void save_carried_chains(const std::vector<CarriedChain>& chains, StateWriter& state)
{
    state.put(static_cast<uint32_t>(chains.size()));
    for (const CarriedChain& chain : chains)
        save(chain, state);
}

Result<std::vector<CarriedChain>> load_carried_chains(StateReader& state)
{
    const auto count = state.get<uint32_t>();
    if (count > MAX_QUEUE_SIZE)
        return Error(ErrorKind::Invalid, std::to_string(count) + " requests");
    std::vector<CarriedChain> chains;
    for (uint32_t i = 0; i < count && !state.missing(); ++i)
        chains.push_back(VWB_TRY(load(state)));
    return chains;
}

} // namespace vwb
