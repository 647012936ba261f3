// SPDX-License-Identifier: MIT
//
// The calling thread in the context of an application, as the runtime puts it there while it
// dispatches a request.

#include "../../io/io.h"
#include "posix.h"

void posix_user_context(uint32_t process)
{
    PKTHREAD thread = ki_thread();
    thread->Requestor = process;
    thread->PreviousMode = process != 0 ? UserMode : KernelMode;
    thread->User.Count = 0;
}

void posix_user_range(const volatile void *address, size_t bytes, bool write)
{
    struct ki_user_ranges *user = &ki_thread()->User;
    user->Range[user->Count].Address = (ULONG_PTR)address;
    user->Range[user->Count].Bytes = bytes;
    user->Range[user->Count++].Write = write;
}

// Processes 1000 to 1999 are there, and no other.
bool port_find_process(uint32_t id)
{
    return id >= 1000 && id < 2000;
}

// The runtime's own: the plug-and-play manager hears of it as of an invalidation.
[[gnu::weak]] VOID IoRequestDeviceEject(PDEVICE_OBJECT pdo)
{
    manager_invalidate(pdo, EjectionRelations, TRUE);
}
