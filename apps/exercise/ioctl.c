// SPDX-License-Identifier: MIT
/* The sample driver ioctl: a control request of each transfer method. */
#include "exercise.h"

/* winioctl.h's, for the driver's own header. */
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER    3
#define FILE_ANY_ACCESS   0
#define FILE_READ_ACCESS  1
#define CTL_CODE          CONTROL_CODE
#include "ioctl/transfer.h"

static char text[] = "abc, Ashlar!";
#define LENGTH (sizeof(text) - 1)

static int buffered(struct ash_file *file)
{
    char back[LENGTH + 1] = {};
    size_t done = 0;
    ash_status status = ash_ioctl(file, IOCTL_TRANSFER_REVERSE, text, LENGTH, back, LENGTH, &done);
    printf("METHOD_BUFFERED: %s, %zu bytes\n", back, done);
    if (status != STATUS_SUCCESS || done != LENGTH || strcmp(back, "!ralhsA ,cba") != 0)
        return wrong("METHOD_BUFFERED: 0x%08x", (unsigned)status);
    status = ash_ioctl(file, IOCTL_TRANSFER_REVERSE, text, LENGTH, back, 3, &done);
    return status == STATUS_BUFFER_TOO_SMALL ? 0 : wrong("a small buffer: %x", (unsigned)status);
}

static int in_direct(struct ash_file *file)
{
    size_t done = 0;
    ash_status status = ash_ioctl(file, IOCTL_TRANSFER_COUNT, "a", 1, text, LENGTH, &done);
    printf("METHOD_IN_DIRECT: %zu times\n", done);
    return status == STATUS_SUCCESS && done == 2 && strcmp(text, "abc, Ashlar!") == 0
               ? 0
               : wrong("METHOD_IN_DIRECT: 0x%08x", (unsigned)status);
}

static int out_direct(struct ash_file *file)
{
    static char large[20000];
    size_t done = 0, same = 0;
    ash_status status = ash_ioctl(file, IOCTL_TRANSFER_FILL, "x", 1, large, sizeof(large), &done);
    for (size_t i = 0; i < sizeof(large); i++)
        same += large[i] == 'x';
    printf("METHOD_OUT_DIRECT: %zu bytes\n", same);
    return status == STATUS_SUCCESS && done == sizeof(large) && same == sizeof(large)
               ? 0
               : wrong("METHOD_OUT_DIRECT: 0x%08x", (unsigned)status);
}

static int neither(struct ash_file *file)
{
    char upper[LENGTH + 1] = {};
    size_t done = 0;
    ash_status status = ash_ioctl(file, IOCTL_TRANSFER_UPPER, text, LENGTH, upper, LENGTH, &done);
    printf("METHOD_NEITHER: %s\n", upper);
    return status == STATUS_SUCCESS && strcmp(upper, "ABC, ASHLAR!") == 0
               ? 0
               : wrong("METHOD_NEITHER: 0x%08x", (unsigned)status);
}

/* IOCTL_TRANSFER_FILL wants read access, which the system checks before the driver is called. */
static int access(void)
{
    struct ash_file *file;
    char byte = 0;
    size_t done = 0;
    ash_status status =
        ash_open("\\Device\\SampleTransfer", ASH_FILE_WRITE_DATA, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return wrong("it does not open for writing: 0x%08x", (unsigned)status);
    status = ash_ioctl(file, IOCTL_TRANSFER_FILL, "x", 1, &byte, 1, &done);
    (void)ash_close(file);
    printf("without read access: 0x%08x\n", (unsigned)status);
    return status == STATUS_ACCESS_DENIED ? 0 : wrong("without read access it goes");
}

int exercise_ioctl(int, char **)
{
    struct ash_file *file;
    ash_status status = device_open("ioctl", "\\??\\SampleTransfer", &file);
    if (!ash_success(status))
        return wrong("the device does not open: 0x%08x", (unsigned)status);
    int result = buffered(file) | in_direct(file) | out_direct(file) | neither(file) | access();
    (void)ash_close(file);
    return result;
}
