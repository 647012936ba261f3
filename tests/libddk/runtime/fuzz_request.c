// SPDX-License-Identifier: MIT
//
// Whatever a requester puts into a slot: it is refused, or the driver gets buffers that are as long
// as they are said to be, and the answer fits.
#include "fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

// The first bytes of the input, in this order; inline data follows.
struct head {
    uint8_t kind, major, minor, failed;
    uint32_t grant_length;
    uint64_t grant, grant_offset, parameter[4];
    uint32_t information, unused;
};

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static struct fake fake;
    struct head head;
    if (size < sizeof(head))
        return 0;
    memcpy(&head, input, sizeof(head));
    ULONG bytes = (ULONG)(size - sizeof(head) < INLINE_BYTES ? size - sizeof(head) : INLINE_BYTES);
    char *data = malloc(bytes != 0 ? bytes : 1);
    if (bytes != 0)
        memcpy(data, input + sizeof(head), bytes);
    fake_begin(&fake);
    fake.in.info.kind = head.kind % 8;
    fake.request.wire = (struct ash_request){
        .major = head.major,
        .minor = head.minor,
        .grant = head.grant,
        .grant_offset = head.grant_offset,
        .grant_length = head.grant_length,
        .inline_size = bytes,
    };
    memcpy(fake.request.wire.parameter, head.parameter, sizeof(head.parameter));
    // Opens make files, which need the I/O manager.
    bool opens = head.major == IRP_MJ_CREATE ||
                 (head.major == IRP_MJ_FILE_SYSTEM_CONTROL && head.minor == IRP_MN_MOUNT_VOLUME);
    if (!opens && head.major < ASH_MJ_ADD_DEVICE && rt_allowed(&fake.in, &fake.request.wire)) {
        (void)rt_access_granted(&fake.request.wire, head.information);
        bool decoded = NT_SUCCESS(fake_decode(&fake, data, bytes));
        if (decoded)
            fake_drive(&fake);
        bool pnp = head.major == IRP_MJ_PNP; // whose answers are pointers of the driver's
        fake_finish(&fake, head.failed % 2 != 0 || pnp ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS,
                    pnp ? 0 : head.information, decoded);
    }
    free(data);
    return 0;
}
