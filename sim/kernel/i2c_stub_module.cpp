// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/i2c_stub_module.h"

#include "engine/base/log.h"

#include <cerrno>
#include <cstring>

namespace vwb {
namespace {

Error not_loaded(const std::string& why)
{
    return { ErrorKind::Unavailable,
        "loading i2c-stub: " + why
            + "; cure: run as root, on a kernel that has the module (CONFIG_I2C_STUB=m), or name "
              "its"
              " file with module = \"/path/i2c-stub.ko\"" };
}

} // namespace

Result<std::unique_ptr<I2cStubModule>> I2cStubModule::load(
    std::shared_ptr<I2cStubCalls> calls, const I2cStubOptions& options)
{
    if (const auto chips = calls->loaded_chips())
        return Error(ErrorKind::Unavailable,
            "i2c-stub is loaded already (chips " + *chips
                + "), by somebody else or by a bench that died; cure: rmmod i2c-stub");
    std::string parameters = "chip_addr=";
    for (const auto address : options.addresses)
        parameters += (parameters.back() == '=' ? "" : ",") + std::to_string(address);
    if (!options.module.empty()) {
        if (const int error = calls->load(options.module, parameters); error < 0)
            return not_loaded(options.module + ": " + std::strerror(-error));
    } else if (!calls->probe(parameters)) {
        return not_loaded("modprobe could not");
    }
    // From here on the destructor unloads it.
    std::unique_ptr<I2cStubModule> stub(new I2cStubModule(std::move(calls)));
    VWB_TRY(stub->find_adapter());
    return stub;
}

I2cStubModule::~I2cStubModule()
{
    m_fd.reset();
    if (const int error = m_calls->unload(); error < 0)
        log_warning("i2c-stub",
            std::string("the module stays loaded: ") + std::strerror(-error)
                + "; cure: rmmod i2c-stub, when nobody uses " + m_path);
}

Result<void> I2cStubModule::find_adapter()
{
    m_path = m_calls->adapter();
    if (m_path.empty())
        return Error(ErrorKind::Unavailable,
            "i2c-stub is loaded, but its adapter has no node; cure: modprobe i2c-dev");
    m_fd = m_calls->open(m_path);
    if (!m_fd)
        return Error::from_errno(m_path, errno);
    return {};
}

Result<uint16_t> I2cStubModule::read(uint16_t address, uint8_t index) const
{
    uint16_t value = 0;
    if (const int error = m_calls->access(m_fd.get(), address, true, index, value); error < 0)
        return Error::from_errno(m_path, -error);
    return value;
}

Result<void> I2cStubModule::write(uint16_t address, uint8_t index, uint16_t value)
{
    if (const int error = m_calls->access(m_fd.get(), address, false, index, value); error < 0)
        return Error::from_errno(m_path, -error);
    return {};
}

} // namespace vwb
