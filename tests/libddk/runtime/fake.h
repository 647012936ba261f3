// SPDX-License-Identifier: MIT
//
// The runtime's decoding without a system below it: one link, one device with a stack of two, one
// grant of GRANT_BYTES.

#ifndef TEST_RUNTIME_FAKE_H
#define TEST_RUNTIME_FAKE_H

#include "../../../libddk/runtime/rt.h"

#define GRANT_BYTES  4096u
#define INLINE_BYTES 512u

// A request as it was taken from the ring. The link's kind and the wire are the caller's to fill.
struct fake {
    struct rt_in in;
    struct rt_request request;
};
void fake_begin(struct fake *fake);
// Makes the IRP and decodes `bytes` of inline data. The IRP is the request's.
NTSTATUS fake_decode(struct fake *fake, const void *data, ULONG bytes);
// Does with the IRP what a driver may do: fills every buffer it was given to its last byte.
void fake_drive(struct fake *fake);
// Answers and frees everything.
void fake_finish(struct fake *fake, NTSTATUS status, ULONG_PTR information, bool decoded);

#endif
