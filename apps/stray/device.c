// SPDX-License-Identifier: MIT
/* See app.h. */
#include "app.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/thread.h"
#include <stdarg.h>

void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("stray: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    exit(1);
}

void pause_ms(ash_word milliseconds)
{
    ash_sleep_until(ash_time() + ash_ticks(milliseconds * 1000));
}

static void control(struct ash_file *file, uint32_t code, const void *in, size_t in_bytes,
                    void *out, size_t out_bytes)
{
    size_t done;
    ash_status status = ash_ioctl(file, code, in, in_bytes, out, out_bytes, &done);
    if (!ash_success(status))
        give_up("control 0x%x: 0x%08x", (unsigned)code, (unsigned)status);
}

struct ash_file *device_open(unsigned number)
{
    for (unsigned i = 0; i < 10; i++) {
        struct ash_file *file;
        ULONGLONG where = 0;
        char path[24];
        snprintf(path, sizeof(path), "\\Device\\Stray%u", i);
        ash_status status =
            ash_open(path, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN, 0, &file);
        if (!ash_success(status))
            continue;
        control(file, IOCTL_STRAY_WHERE, nullptr, 0, &where, sizeof(where));
        if (where == number)
            return file;
        (void)ash_close(file);
    }
    give_up("it has no device with number %u", number);
}

void device_write(struct ash_file *file, unsigned offset, unsigned width, ash_word value)
{
    const STRAY_ACCESS access = {.Bar = offset >> BAR_SHIFT,
                                 .Offset = offset & ~(~0u << BAR_SHIFT),
                                 .Width = width,
                                 .Value = value};
    control(file, IOCTL_STRAY_WRITE, &access, sizeof(access), nullptr, 0);
}

ash_word device_read(struct ash_file *file, unsigned offset, unsigned width)
{
    const STRAY_ACCESS access = {
        .Bar = offset >> BAR_SHIFT, .Offset = offset & ~(~0u << BAR_SHIFT), .Width = width};
    ULONGLONG value = 0;
    control(file, IOCTL_STRAY_READ, &access, sizeof(access), &value, sizeof(value));
    return value;
}

ash_word device_common(struct ash_file *file)
{
    ULONGLONG value = 0;
    control(file, IOCTL_STRAY_COMMON, nullptr, 0, &value, sizeof(value));
    return value;
}

void device_fill(struct ash_file *file, const void *data, size_t bytes)
{
    control(file, IOCTL_STRAY_FILL, nullptr, 0, (void *)data, bytes);
}

void device_show(struct ash_file *file, void *data, size_t bytes)
{
    control(file, IOCTL_STRAY_SHOW, nullptr, 0, data, bytes);
}

void device_repeat(struct ash_file *file, const STRAY_SCRIPT *script)
{
    control(file, IOCTL_STRAY_REPEAT, script, sizeof(*script), nullptr, 0);
}

void device_listen(struct ash_file *file, bool again)
{
    const ULONG value = again;
    control(file, IOCTL_STRAY_LISTEN, &value, sizeof(value), nullptr, 0);
}

STRAY_COUNTS device_counts(struct ash_file *file, bool end)
{
    STRAY_COUNTS counts = {};
    control(file, end ? IOCTL_STRAY_QUIET : IOCTL_STRAY_COUNTS, nullptr, 0, &counts,
            sizeof(counts));
    return counts;
}

ash_word device_ended_grant(struct ash_file *file)
{
    static char *page;
    ULONGLONG logical;
    if (page == nullptr && (page = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    control(file, IOCTL_STRAY_GRANT, nullptr, 0, page, PAGE);
    memcpy(&logical, page, sizeof(logical));
    return logical;
}

struct ash_pnp_dma_reply dma_of(unsigned number)
{
    struct ash_pnp_node_request request = {0};
    struct ash_pnp_dma_reply reply;
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_DMA, &request, sizeof(request),
                                        &reply, sizeof(reply));
        if (!ash_success(status))
            give_up("device %u does no DMA: 0x%08x", number, (unsigned)status);
        if (reply.node != 0 && reply.device == number << 3)
            return reply;
    }
}

struct ash_pnp_dma_reply dma_after(unsigned number, ash_word before)
{
    struct ash_pnp_dma_reply reply = dma_of(number);
    for (unsigned i = 0; i < 100 && reply.faults == before; i++) {
        pause_ms(10);
        reply = dma_of(number);
    }
    return reply;
}
