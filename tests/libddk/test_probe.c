// SPDX-License-Identifier: MIT
//
// ProbeForRead and ProbeForWrite: what the request brought, and nothing else.

#include "ddi_test.h"

static ULONG64 input[8], output[8], own[8];

static NTSTATUS read_probe(const volatile VOID *address, SIZE_T length, ULONG alignment)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForRead(address, length, alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static NTSTATUS write_probe(volatile VOID *address, SIZE_T length, ULONG alignment)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForWrite(address, length, alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static void begin(void)
{
    posix_user_context(9);
    posix_user_range(input, sizeof(input), false);
    posix_user_range(output, sizeof(output), true);
}

DDI_TEST(ProbeForRead, RESULTS | ERRORS, only_what_the_request_brought_can_be_read)
{
    begin();
    CHECK_EQ(read_probe(input, sizeof(input), 8), STATUS_SUCCESS);
    CHECK_EQ(read_probe(&input[3], 8, 8), STATUS_SUCCESS);
    CHECK_EQ(read_probe(output, sizeof(output), 1), STATUS_SUCCESS);
    CHECK_EQ(read_probe(input, sizeof(input) + 1, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read_probe((PCHAR)input - 1, 2, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read_probe(own, 1, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read_probe(input, MAXULONG_PTR, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read_probe(NULL, 4, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read_probe((PCHAR)input + 1, 4, 4), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(read_probe((PCHAR)own + 1, 0, 8), STATUS_SUCCESS); // length 0: not looked at
    posix_user_context(0);
    CHECK_EQ(read_probe(input, 1, 1), STATUS_ACCESS_VIOLATION); // the request is over
}

DDI_TEST(ProbeForWrite, RESULTS | ERRORS, input_is_not_for_writing)
{
    begin();
    CHECK_EQ(write_probe(output, sizeof(output), 8), STATUS_SUCCESS);
    CHECK_EQ(write_probe(input, 1, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(write_probe(own, 1, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(write_probe((PCHAR)output + 2, 4, 4), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(write_probe(own, 0, 1), STATUS_SUCCESS);
    posix_user_context(0);
}

static void probe_own(PVOID unused)
{
    (void)unused;
    ProbeForRead(own, 1, 1);
}

static void probe_odd(PVOID unused)
{
    (void)unused;
    ProbeForRead(input, 4, 3);
}

TEST(a_probe_outside_of_a_try_names_itself)
{
    DDI_SHOWS(ProbeForRead, ERRORS);
    begin();
    CHECK(dies(probe_own, NULL, "outside of a __try"));
    begin();
    CHECK(dies(probe_odd, NULL, "no power of two"));
    posix_user_context(0);
}

DDI_IRQL_MAX(ProbeForRead, APC_LEVEL, ProbeForRead(input, 0, 1))
DDI_IRQL_MAX(ProbeForWrite, APC_LEVEL, ProbeForWrite(input, 0, 1))
