// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/xen_libraries.h"

#include <cerrno>
#include <vector>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vwb {
namespace {

constexpr const char* FOREIGN_LIBRARY = "libxenforeignmemory.so.1";
constexpr const char* FOREIGN_PACKAGE = "libxenforeignmemory1";
constexpr const char* FOREIGN_DEVICE = "/dev/xen/privcmd";
constexpr const char* GRANT_LIBRARY = "libxengnttab.so.1";
constexpr const char* GRANT_PACKAGE = "libxengnttab1";
constexpr const char* GRANT_DEVICE = "/dev/xen/gntdev";

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

// A library that stays open as long as this lives.
class Library {
public:
    explicit Library(const char* name)
        : m_handle(::dlopen(name, RTLD_NOW | RTLD_LOCAL))
    {
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library()
    {
        if (m_handle)
            ::dlclose(m_handle);
    }

    explicit operator bool() const { return m_handle != nullptr; }
    // False if there is no such function; its type is the caller's to know.
    template <typename Function> bool find(const char* name, Function*& function) const
    {
        function = reinterpret_cast<Function*>(::dlsym(m_handle, name));
        return function != nullptr;
    }

private:
    void* m_handle;
};

std::string not_installed(const char* library, const char* package)
{
    return std::string(library) + " is not installed (apt install " + package + ")";
}

std::string obstacle_of(const char* library, const char* package, const char* device)
{
    if (::access(device, F_OK) != 0)
        return std::string("this machine does not run under Xen: there is no ") + device;
    if (::access(device, R_OK | W_OK) != 0)
        return std::string(device) + " may not be opened by this user";
    return Library(library) ? std::string() : not_installed(library, package);
}

} // namespace

// As the public headers of Xen have them (xenforeignmemory.h, xengnttab.h).
struct XenLibraries::Foreign {
    using Handle = struct xenforeignmemory_handle;

    Library library { FOREIGN_LIBRARY };
    Handle* (*open)(void* logger, unsigned flags) = nullptr;
    int (*close)(Handle*) = nullptr;
    void* (*map)(Handle*, uint32_t domain, int protection, size_t pages,
        const unsigned long* frames, int* errors)
        = nullptr;
    int (*unmap)(Handle*, void* address, size_t pages) = nullptr;
    Handle* handle = nullptr;

    bool find_all()
    {
        return library.find("xenforeignmemory_open", open)
            && library.find("xenforeignmemory_close", close)
            && library.find("xenforeignmemory_map", map)
            && library.find("xenforeignmemory_unmap", unmap);
    }
    ~Foreign()
    {
        if (handle)
            close(handle);
    }
};

struct XenLibraries::Grants {
    using Handle = struct xengntdev_handle;

    Library library { GRANT_LIBRARY };
    Handle* (*open)(void* logger, unsigned flags) = nullptr;
    int (*close)(Handle*) = nullptr;
    void* (*map)(Handle*, uint32_t count, uint32_t domain, uint32_t* grants, int protection)
        = nullptr;
    int (*unmap)(Handle*, void* address, uint32_t count) = nullptr;
    Handle* handle = nullptr;

    bool find_all()
    {
        return library.find("xengnttab_open", open) && library.find("xengnttab_close", close)
            && library.find("xengnttab_map_domain_grant_refs", map)
            && library.find("xengnttab_unmap", unmap);
    }
    ~Grants()
    {
        if (handle)
            close(handle);
    }
};

namespace {

// The libraries write their own complaints to standard error.
template <typename Binding>
Result<std::unique_ptr<Binding>> bind_library(
    const char* library, const char* package, const char* device)
{
    if (std::string obstacle = obstacle_of(library, package, device); !obstacle.empty())
        return Error(ErrorKind::Unavailable, std::move(obstacle));
    auto binding = std::make_unique<Binding>();
    if (!binding->library || !binding->find_all())
        return Error(ErrorKind::Unavailable,
            std::string(library) + " lacks a function that has been in it since Xen 4.7");
    binding->handle = binding->open(nullptr, 0);
    if (!binding->handle)
        return Error::from_errno(std::string("opening ") + device + " by " + library, errno);
    return binding;
}

} // namespace

XenLibraries::XenLibraries() = default;
XenLibraries::~XenLibraries() = default;

std::string XenLibraries::obstacle()
{
    if (std::string foreign = obstacle_of(FOREIGN_LIBRARY, FOREIGN_PACKAGE, FOREIGN_DEVICE);
        !foreign.empty())
        return foreign;
    return obstacle_of(GRANT_LIBRARY, GRANT_PACKAGE, GRANT_DEVICE);
}

Result<void> XenLibraries::ensure_foreign()
{
    if (!m_foreign)
        m_foreign
            = VWB_TRY(bind_library<Foreign>(FOREIGN_LIBRARY, FOREIGN_PACKAGE, FOREIGN_DEVICE));
    return {};
}

Result<void> XenLibraries::ensure_grants()
{
    if (!m_grants)
        m_grants = VWB_TRY(bind_library<Grants>(GRANT_LIBRARY, GRANT_PACKAGE, GRANT_DEVICE));
    return {};
}

Result<std::byte*> XenLibraries::map_foreign(uint32_t domain, std::span<const uint64_t> frames)
{
    VWB_TRY(ensure_foreign());
    const std::vector<unsigned long> numbers(frames.begin(), frames.end());
    // Without an array for errors one page that cannot be mapped fails all of them.
    void* address = m_foreign->map(
        m_foreign->handle, domain, READ_WRITE, numbers.size(), numbers.data(), nullptr);
    if (!address)
        return Error::from_errno(std::to_string(frames.size()) + " foreign pages of domain "
                + std::to_string(domain) + " cannot be mapped",
            errno);
    return static_cast<std::byte*>(address);
}

void XenLibraries::unmap_foreign(std::byte* address, size_t pages)
{
    m_foreign->unmap(m_foreign->handle, address, pages);
}

Result<std::byte*> XenLibraries::map_grants(uint32_t domain, std::span<const uint32_t> grants)
{
    VWB_TRY(ensure_grants());
    std::vector<uint32_t> references(grants.begin(), grants.end()); // it wants to be able to write
    void* address = m_grants->map(m_grants->handle, static_cast<uint32_t>(references.size()),
        domain, references.data(), READ_WRITE);
    if (!address)
        return Error::from_errno(std::to_string(grants.size()) + " grants of domain "
                + std::to_string(domain) + " cannot be mapped",
            errno);
    return static_cast<std::byte*>(address);
}

void XenLibraries::unmap_grants(std::byte* address, size_t pages)
{
    m_grants->unmap(m_grants->handle, address, static_cast<uint32_t>(pages));
}

} // namespace vwb
