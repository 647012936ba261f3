// SPDX-License-Identifier: MIT
//
// What the tests of user-mode accessors share: a request that brought `input`, for reading, and
// `output`; expressions that may raise; the test of one family.

#ifndef TEST_UACCESS_H
#define TEST_UACCESS_H

#include "ddi_test.h"
#include <usermode_accessors.h>

#define ROOM 64u
[[maybe_unused]] static DECLSPEC_ALIGN(16) UCHAR input[ROOM], output[ROOM], own[ROOM];

static inline void begin_request(void)
{
    posix_user_context(21);
    posix_user_range(input, sizeof(input), false);
    posix_user_range(output, sizeof(output), true);
}

static inline void end_request(void)
{
    posix_user_context(0);
}

// The exception that the expression raises, or STATUS_SUCCESS.
#define RAISED(...)                                                                                \
    (__extension__({                                                                               \
        volatile NTSTATUS raised_status = STATUS_SUCCESS;                                          \
        __try {                                                                                    \
            (void)(__VA_ARGS__);                                                                   \
        } __except (EXCEPTION_EXECUTE_HANDLER) {                                                   \
            raised_status = GetExceptionCode();                                                    \
        }                                                                                          \
        raised_status;                                                                             \
    }))
#define IN_TRY(...) RAISED(__VA_ARGS__)

static inline void fill_pattern(void *value, size_t bytes, unsigned first)
{
    for (size_t i = 0; i < bytes; i++)
        ((UCHAR *)value)[i] = (UCHAR)(first + i * 3);
}

#define SAME(a, b)               CHECK(memcmp(&(a), &(b), sizeof(a)) == 0)
#define AT(type, buffer, offset) ((volatile type *)(PVOID)((buffer) + (offset)))
#define READS(type, call, offset)                                                                  \
    do {                                                                                           \
        memcpy(input + (offset), &value, sizeof(value));                                           \
        back = call;                                                                               \
        SAME(back, value);                                                                         \
    } while (0)
#define WRITES(type, call, offset)                                                                 \
    do {                                                                                           \
        memset(output, 0, sizeof(output));                                                         \
        (void)(call);                                                                              \
        memcpy(&back, output + (offset), sizeof(back));                                            \
        SAME(back, value);                                                                         \
        CHECK_EQ(output[(offset) + sizeof(type)], 0);                                              \
    } while (0)
#define REFUSES(...) CHECK_EQ(RAISED(__VA_ARGS__), STATUS_ACCESS_VIOLATION)

#define PLAIN_FAMILY(type, read, read_mode, write, write_mode)                                     \
    type value, back;                                                                              \
    fill_pattern(&value, sizeof(value), 0x81);                                                     \
    memset(&back, 0, sizeof(back));                                                                \
    begin_request();                                                                               \
    READS(type, read(AT(type, input, 0)), 0);                                                      \
    READS(type, read(AT(type, input, 5)), 5);                                                      \
    READS(type, read_mode(AT(type, input, 16), UserMode), 16);                                     \
    WRITES(type, write(AT(type, output, 0), value), 0);                                            \
    WRITES(type, write(AT(type, output, 7), value), 7);                                            \
    WRITES(type, write_mode(AT(type, output, 8), value, UserMode), 8);                             \
    REFUSES(read(AT(type, own, 0)));                                                               \
    REFUSES(read(AT(type, input, ROOM - sizeof(type) + 1)));                                       \
    REFUSES(read_mode(AT(type, own, 0), UserMode));                                                \
    REFUSES(write(AT(type, input, 0), value));                                                     \
    REFUSES(write(AT(type, own, 0), value));                                                       \
    REFUSES(write_mode(AT(type, input, 0), value, UserMode));                                      \
    write_mode(AT(type, own, 0), value, KernelMode);                                               \
    back = read_mode(AT(type, own, 0), KernelMode);                                                \
    SAME(back, value);                                                                             \
    REFUSES(read_mode((volatile type *)NULL, KernelMode));                                         \
    REFUSES(write_mode((volatile type *)NULL, value, KernelMode));                                 \
    end_request();                                                                                 \
    REFUSES(read(AT(type, input, 0)))

#define FAMILY(type, read, read_mode, write, write_mode, acquire, release)                         \
    PLAIN_FAMILY(type, read, read_mode, write, write_mode);                                        \
    begin_request();                                                                               \
    READS(type, acquire(AT(type, input, 8)), 8);                                                   \
    WRITES(type, release(AT(type, output, 8), value), 8);                                          \
    REFUSES(acquire(AT(type, own, 0)));                                                            \
    REFUSES(release(AT(type, input, 0), value));                                                   \
    end_request()

#endif
