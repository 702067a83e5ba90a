// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// UniqueFunction: a callable that need not be copyable, so that it may own descriptors, requests
// and other move-only things. std::move_only_function is not in C++20.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace vwb {

template <typename Signature> class UniqueFunction;

template <typename R, typename... Arguments> class UniqueFunction<R(Arguments...)> {
public:
    UniqueFunction() = default;
    template <typename F>
    requires(!std::is_same_v<std::decay_t<F>, UniqueFunction>) UniqueFunction(F&& function)
        : m_target(std::make_unique<Target<std::decay_t<F>>>(std::forward<F>(function)))
    {
    }

    explicit operator bool() const { return m_target != nullptr; }
    R operator()(Arguments... arguments)
    {
        return m_target->call(std::forward<Arguments>(arguments)...);
    }

private:
    struct Callable {
        virtual ~Callable() = default;
        virtual R call(Arguments... arguments) = 0;
    };
    template <typename F> struct Target final : Callable {
        explicit Target(F target)
            : function(std::move(target))
        {
        }
        R call(Arguments... arguments) override
        {
            return function(std::forward<Arguments>(arguments)...);
        }
        F function;
    };

    std::unique_ptr<Callable> m_target;
};

} // namespace vwb
