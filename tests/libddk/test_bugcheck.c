// SPDX-License-Identifier: MIT
//
// Bug check callbacks.
#include "verify.h"

static KBUGCHECK_CALLBACK_RECORD record, second;
static KBUGCHECK_REASON_CALLBACK_RECORD reason;
static UCHAR buffer[4], component[] = "Test";
static KIRQL irql_seen;
static ULONG calls;
static char output[1000];

static VOID callback(PVOID data, ULONG length)
{
    calls++;
    irql_seen = KeGetCurrentIrql();
    if (length != 0)
        memset(data, 0xab, length);
}

static void bug_check(void *unused)
{
    (void)unused;
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

static bool checks(void)
{
    posix_capture(output, sizeof(output));
    bool right = ends_with(bug_check, NULL, MANUALLY_INITIATED_CRASH, 1, "by the driver");
    posix_capture(NULL, 0);
    return right;
}

DDI_TEST(KeRegisterBugCheckCallback, RESULTS | ERRORS, callbacks)
{
    DDI_SHOWS(KeDeregisterBugCheckCallback, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(KeInitializeCallbackRecord, RESULTS);
    KeInitializeCallbackRecord(&record);
    KeInitializeCallbackRecord(&second);
    CHECK(!KeDeregisterBugCheckCallback(&record));
    CHECK(KeRegisterBugCheckCallback(&record, callback, buffer, sizeof(buffer), component));
    CHECK(!KeRegisterBugCheckCallback(&record, callback, buffer, sizeof(buffer), component));
    CHECK(KeRegisterBugCheckCallback(&second, callback, NULL, 0, component));
    CHECK(checks());
    CHECK_EQ(calls, 2);
    CHECK_EQ(irql_seen, HIGH_LEVEL);
    CHECK(strstr(output, "bug check data of Test, 4 bytes: ab ab ab ab\n") != NULL);
    CHECK(KeDeregisterBugCheckCallback(&record));
    CHECK(!KeDeregisterBugCheckCallback(&record));
    CHECK(checks());
    CHECK_EQ(calls, 3);
    second.Length = 100; // a record that was written over is passed by
    CHECK(checks());
    CHECK_EQ(calls, 3);
    CHECK(KeDeregisterBugCheckCallback(&second));
}

static VOID secondary(KBUGCHECK_CALLBACK_REASON why, PKBUGCHECK_REASON_CALLBACK_RECORD from,
                      PVOID data, ULONG length)
{
    PKBUGCHECK_SECONDARY_DUMP_DATA dump = data;
    if (why != KbCallbackSecondaryDumpData || from != &reason || length != sizeof(*dump))
        return;
    calls++;
    if (dump->OutBuffer != NULL)
        memset(dump->InBuffer, 0xcd, 3);
    dump->OutBuffer = dump->InBuffer;
    dump->OutBufferLength = 3;
}

DDI_TEST(KeRegisterBugCheckReasonCallback, RESULTS | ERRORS, reason_callbacks)
{
    DDI_SHOWS(KeDeregisterBugCheckReasonCallback, RESULTS | ERRORS);
    KeInitializeCallbackRecord(&reason);
    CHECK(!KeRegisterBugCheckReasonCallback(&reason, secondary, KbCallbackDumpIo, component));
    CHECK(!KeRegisterBugCheckReasonCallback(&reason, secondary, KbCallbackAddPages, component));
    CHECK(KeRegisterBugCheckReasonCallback(&reason, secondary, KbCallbackSecondaryDumpData,
                                           component));
    CHECK(!KeRegisterBugCheckReasonCallback(&reason, secondary, KbCallbackSecondaryDumpData,
                                            component));
    calls = 0;
    CHECK(checks());
    CHECK_EQ(calls, 2);
    CHECK(strstr(output, "bug check data of Test, 3 bytes: cd cd cd\n") != NULL);
    CHECK(KeDeregisterBugCheckReasonCallback(&reason));
    CHECK(!KeDeregisterBugCheckReasonCallback(&reason));
}

static VOID breaks_a_rule(PVOID data, ULONG length)
{
    KEVENT event;
    (void)data, (void)length;
    calls++;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeSetEvent(&event, 0, FALSE); // above DISPATCH_LEVEL
}

TEST(a_callback_that_breaks_a_rule)
{
    KeInitializeCallbackRecord(&record);
    CHECK(KeRegisterBugCheckCallback(&record, breaks_a_rule, NULL, 0, component));
    calls = 0;
    const char *text;
    CHECK(posix_expect_bugcheck(bug_check, NULL, &text));
    CHECK(strstr(text, "KeSetEvent above DISPATCH_LEVEL") != NULL);
    CHECK_EQ(calls, 1);
    posix_reset_thread();
    CHECK(KeDeregisterBugCheckCallback(&record));
}

// Each may be called at any IRQL.
TEST(any_level)
{
    KIRQL old;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeInitializeCallbackRecord(&record);
    CHECK(KeRegisterBugCheckCallback(&record, callback, NULL, 0, component));
    CHECK(KeDeregisterBugCheckCallback(&record));
    CHECK(KeRegisterBugCheckReasonCallback(&reason, secondary, KbCallbackSecondaryDumpData,
                                           component));
    CHECK(KeDeregisterBugCheckReasonCallback(&reason));
    KeLowerIrql(old);
}
