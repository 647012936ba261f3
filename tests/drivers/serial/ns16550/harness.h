// SPDX-License-Identifier: MIT
// A started port on the fake kit, and requests to it: for the tests of the 16550 driver.
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include "../../kit/fake_kit.h"

extern PDEVICE_OBJECT pdo;
extern UCHAR properties[2048]; // the block that READ_CONFIG hands out
extern ULONG property_bytes;   // 0: the bus driver does not know READ_CONFIG
extern UCHAR last_major;       // of the last IRP that reached the bus driver

// A read or write of the test; its buffer lies behind the request.
struct transfer {
    struct kit_request *request;
    UCHAR buffer[16384];
};

// AddDevice; then START; or both, which must succeed.
void port_add(void);
NTSTATUS port_start(void);
void port_set_up(void);
void port_add_property(const char *name, uint32_t cell);

// Its driver dies; then AddDevice of the next task. The chip stays as it is.
void port_die(void);

// The name of the requests that are made from here on (DdkRequestName); 0: none.
void port_name(ULONG64 name);
// Each index is a file of its own. The request is sent; it may still be pending.
struct transfer *port_transfer(unsigned index, UCHAR major, const void *bytes, ULONG length);
struct transfer *port_read(unsigned index, ULONG length);
struct transfer *port_write(unsigned index, const char *text);
// Bytes arrive at the port.
void port_type(const char *text);
void port_set_timeouts(ULONG interval, ULONG multiplier, ULONG constant);

#define DONE(t, expected, bytes)                                                                   \
    do {                                                                                           \
        CHECK((t)->request->done);                                                                 \
        CHECK_EQ((t)->request->status, expected);                                                  \
        CHECK_EQ((t)->request->information, bytes);                                                \
    } while (0)

#endif
