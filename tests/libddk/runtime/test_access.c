// SPDX-License-Identifier: MIT
//
// What a link may carry, what an open file allows, and decoding of well-formed and of short
// requests.
#include "ash_test.h"
#include "fake.h"
#include "posix.h"

#define CODE(method, access) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, access)

static bool granted(uint8_t major, ULONG code, ACCESS_MASK access)
{
    const struct ash_request wire = {.major = major, .parameter = {0, 0, code, 0}};
    return rt_access_granted(&wire, access);
}

TEST(reads_and_writes_need_their_access)
{
    CHECK(granted(IRP_MJ_READ, 0, FILE_READ_DATA));
    CHECK(granted(IRP_MJ_READ, 0, FILE_EXECUTE));
    CHECK(granted(IRP_MJ_READ, 0, GENERIC_READ));
    CHECK(!granted(IRP_MJ_READ, 0, FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_READ_ATTRIBUTES));
    CHECK(!granted(IRP_MJ_READ, 0, 0));
    CHECK(granted(IRP_MJ_WRITE, 0, FILE_WRITE_DATA));
    CHECK(granted(IRP_MJ_WRITE, 0, FILE_APPEND_DATA));
    CHECK(granted(IRP_MJ_WRITE, 0, GENERIC_ALL));
    CHECK(!granted(IRP_MJ_WRITE, 0, FILE_READ_DATA));
    CHECK(granted(IRP_MJ_QUERY_INFORMATION, 0, 0));
}

TEST(control_codes_name_their_access)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t major = i == 0 ? IRP_MJ_DEVICE_CONTROL : IRP_MJ_FILE_SYSTEM_CONTROL;
        CHECK(granted(major, CODE(METHOD_BUFFERED, FILE_ANY_ACCESS), 0));
        CHECK(!granted(major, CODE(METHOD_BUFFERED, FILE_READ_ACCESS), FILE_WRITE_DATA));
        CHECK(granted(major, CODE(METHOD_BUFFERED, FILE_READ_ACCESS), FILE_READ_DATA));
        CHECK(!granted(major, CODE(METHOD_NEITHER, FILE_WRITE_ACCESS), FILE_READ_DATA));
        CHECK(granted(major, CODE(METHOD_NEITHER, FILE_WRITE_ACCESS), FILE_WRITE_DATA));
        ULONG both = CODE(METHOD_IN_DIRECT, FILE_READ_ACCESS | FILE_WRITE_ACCESS);
        CHECK(!granted(major, both, FILE_READ_DATA));
        CHECK(!granted(major, both, FILE_WRITE_DATA));
        CHECK(granted(major, both, FILE_READ_DATA | FILE_WRITE_DATA));
    }
}

static bool allowed(uint64_t kind, uint8_t major, uint8_t minor)
{
    const struct rt_in in = {.info.kind = kind};
    const struct ash_request wire = {.major = major, .minor = minor};
    return rt_allowed(&in, &wire);
}

TEST(a_link_carries_the_requests_of_its_kind)
{
    CHECK(allowed(ASH_LINK_FILE, IRP_MJ_READ, 0));
    CHECK(allowed(ASH_LINK_FILE, IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MN_USER_FS_REQUEST));
    CHECK(!allowed(ASH_LINK_FILE, IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MN_MOUNT_VOLUME));
    static const uint8_t never[] = {
        IRP_MJ_CREATE,     IRP_MJ_CLEANUP, IRP_MJ_CLOSE,
        IRP_MJ_PNP,        IRP_MJ_POWER,   IRP_MJ_INTERNAL_DEVICE_CONTROL,
        ASH_MJ_ADD_DEVICE, ASH_MJ_UNLOAD,  0xff};
    for (unsigned i = 0; i < sizeof(never); i++)
        CHECK(!allowed(ASH_LINK_FILE, never[i], 0));
    CHECK(allowed(ASH_LINK_CONTROL, IRP_MJ_CREATE, 0));
    CHECK(allowed(ASH_LINK_CONTROL, ASH_MJ_UNLOAD, 0));
    CHECK(!allowed(ASH_LINK_CONTROL, ASH_MJ_ADD_DEVICE, 0));
    CHECK(!allowed(ASH_LINK_CONTROL, IRP_MJ_READ, 0));
    CHECK(allowed(ASH_LINK_PNP, ASH_MJ_ADD_DEVICE, 0));
    CHECK(!allowed(ASH_LINK_PNP, ASH_MJ_UNLOAD, 0));
}

static NTSTATUS control(struct fake *fake, ULONG code, ULONG in, ULONG out, ULONG bytes)
{
    static const char data[INLINE_BYTES];
    fake_begin(fake);
    fake->in.info.kind = ASH_LINK_FILE;
    fake->request.wire.major = IRP_MJ_DEVICE_CONTROL;
    fake->request.wire.parameter[0] = out;
    fake->request.wire.parameter[1] = in;
    fake->request.wire.parameter[2] = code;
    NTSTATUS status = fake_decode(fake, data, bytes);
    if (NT_SUCCESS(status))
        fake_drive(fake);
    return status;
}

TEST(buffered_control_requests)
{
    struct fake fake;
    ULONG code = CODE(METHOD_BUFFERED, FILE_ANY_ACCESS);
    CHECK_EQ(control(&fake, code, 16, 64, 16), STATUS_SUCCESS);
    CHECK_EQ(IoGetNextIrpStackLocation(fake.request.irp)->Parameters.DeviceIoControl.IoControlCode,
             code);
    fake_finish(&fake, STATUS_SUCCESS, 64, true);
    CHECK(!NT_SUCCESS(control(&fake, code, 32, 0, 16))); // less data than it says
    fake_finish(&fake, STATUS_SUCCESS, 0, false);
    CHECK(!NT_SUCCESS(control(&fake, code, 0, INLINE_BYTES + 1, 0))); // no room for the answer
    fake_finish(&fake, STATUS_SUCCESS, 0, false);
}

static void answer_too_much(void *argument)
{
    struct fake *fake = argument;
    struct ash_answer answer = {.status = STATUS_SUCCESS, .information = 65};
    char out[INLINE_BYTES];
    rt_encode_answer(&fake->request, out, sizeof(out), &answer);
}

TEST(information_beyond_the_output_buffer)
{
    struct fake fake;
    const char *text;
    uint64_t parameters[4];
    CHECK_EQ(control(&fake, CODE(METHOD_BUFFERED, FILE_ANY_ACCESS), 16, 64, 16), STATUS_SUCCESS);
    CHECK(posix_expect_bugcheck(answer_too_much, &fake, &text));
    CHECK_EQ(posix_bugcheck(parameters), DRIVER_VERIFIER_IOMANAGER_VIOLATION);
    CHECK_EQ(parameters[0], 0x312);
    CHECK_EQ(parameters[1], 65);
    posix_reset_thread();
    fake_finish(&fake, STATUS_SUCCESS, 64, true);
}
