// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_thread.h"

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <sys/eventfd.h>

namespace vwb {

struct I2cDevThread::Shared {
    Shared(I2cDevBus used, UniqueFd todo_event, UniqueFd done_event)
        : bus(std::move(used))
        , todo_fd(std::move(todo_event))
        , done_fd(std::move(done_event))
    {
    }
    ~Shared()
    {
        delete todo.load();
        delete done.load();
    }

    I2cDevBus bus; // the thread's alone
    UniqueFd todo_fd;
    UniqueFd done_fd;
    // Owned by whoever takes them out.
    std::atomic<I2cTransfer*> todo { nullptr };
    std::atomic<I2cTransfer*> done { nullptr };
    std::atomic<bool> wanted { true };
};

namespace {

void serve(I2cDevThread::Shared& shared)
{
    while (shared.wanted) {
        eventfd_t count = 0;
        if (::eventfd_read(shared.todo_fd.get(), &count) != 0)
            continue; // EINTR
        auto* const transfer = shared.todo.exchange(nullptr);
        if (!transfer)
            continue;
        shared.bus.run(*transfer);
        shared.done.store(transfer);
        ::eventfd_write(shared.done_fd.get(), 1);
    }
}

void* run_thread(void* argument)
{
    const std::unique_ptr<std::shared_ptr<I2cDevThread::Shared>> shared(
        static_cast<std::shared_ptr<I2cDevThread::Shared>*>(argument));
    serve(**shared);
    return nullptr;
}

// Detached, with all signals blocked: they are for the threads that wait for them.
int start_detached(const std::shared_ptr<I2cDevThread::Shared>& shared)
{
    auto argument = std::make_unique<std::shared_ptr<I2cDevThread::Shared>>(shared);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t id;
    const int error = pthread_create(&id, &attributes, run_thread, argument.get());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        argument.release(); // run_thread() owns it
    return error;
}

} // namespace

Result<std::unique_ptr<I2cDevThread>> I2cDevThread::start(I2cDevBus bus)
{
    UniqueFd todo(::eventfd(0, EFD_CLOEXEC));
    UniqueFd done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!todo || !done)
        return Error::from_errno("eventfd", errno);
    auto shared = std::make_shared<Shared>(std::move(bus), std::move(todo), std::move(done));
    if (const int error = start_detached(shared); error != 0)
        return Error::from_errno("thread of an I2C adapter", error);
    return std::unique_ptr<I2cDevThread>(new I2cDevThread(std::move(shared)));
}

I2cDevThread::~I2cDevThread()
{
    m_shared->wanted = false;
    ::eventfd_write(m_shared->todo_fd.get(), 1);
}

int I2cDevThread::fd() const
{
    return m_shared->done_fd.get();
}

void I2cDevThread::run(std::unique_ptr<I2cTransfer> transfer)
{
    VWB_ASSERT(!m_shared->todo.load());
    m_shared->todo.store(transfer.release());
    ::eventfd_write(m_shared->todo_fd.get(), 1);
}

std::unique_ptr<I2cTransfer> I2cDevThread::take()
{
    eventfd_t count = 0;
    ::eventfd_read(m_shared->done_fd.get(), &count);
    return std::unique_ptr<I2cTransfer>(m_shared->done.exchange(nullptr));
}

} // namespace vwb
