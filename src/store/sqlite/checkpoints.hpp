// The WAL is moved into the file by a thread of its own, so that whoever commits does not wait for it.
#pragma once

#include "store/sqlite/driver.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace postroom::store::sqlite {

class Checkpoints {
public:
    /// With `enough` pages, of 8 KiB in a new file, the thread begins; again with a quarter more, and with half as many
    /// more it is the writer who does it. Throws Failure where the thread can't be started.
    Checkpoints(std::unique_ptr<Driver> driver, int enough);
    ~Checkpoints();
    Checkpoints(Checkpoints const&) = delete;
    Checkpoints& operator=(Checkpoints const&) = delete;

    /// Told by the writer's thread, of its own session, after each of its commits. While commits never pause the thread
    /// is always a little behind, and the WAL can't begin anew: then the writer moves the rest itself.
    void committed(Driver& writer, int pages);

private:
    void work(std::unique_ptr<Driver> driver);

    int const enough_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool asked_ = false;
    bool ended_ = false;
    int next_;  // of the writer's thread: with so many pages it is asked again
    std::jthread thread_;
};

}  // namespace postroom::store::sqlite
