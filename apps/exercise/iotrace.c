// SPDX-License-Identifier: MIT
/* The sample driver iotrace: resets its counters, reads a file, and shows what each filter saw.
 * Something must have been read, by at least one of them. */
#include "exercise.h"

#define METHOD_BUFFERED 0
#define FILE_ANY_ACCESS 0
#define CTL_CODE        CONTROL_CODE
#include "iotrace/trace.h"

#define PIECE 65536u

static ash_status read_file(const char *path, unsigned long *bytes)
{
    struct ash_file *file;
    char *buffer = ash_io_buffer_alloc(PIECE);
    size_t got = 1;
    *bytes = 0;
    if (buffer == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return status;
    while (ash_success(ash_read(file, buffer, PIECE, *bytes, &got)) && got > 0)
        *bytes += got;
    ash_io_buffer_free(buffer);
    return ash_close(file);
}

static void show(unsigned index, const struct trace_report *report)
{
    static const char *const names[TRACE_KINDS] = {"read", "write", "flush", "control"};
    printf("filter %u on %.*s, at most %u at once\n", index, (int)sizeof(report->name) - 1,
           report->name, report->most_outstanding);
    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        const struct trace_counters *each = &report->kinds[i];
        if (each->requests > 0)
            printf("  %-7s %llu requests, %llu failed, %llu bytes, %llu us each, longest %llu us\n",
                   names[i], each->requests, each->failures, each->bytes,
                   each->microseconds / each->requests, each->longest);
    }
}

static bool is_sound(const struct trace_report *report)
{
    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        unsigned long long sum = 0;
        for (unsigned k = 0; k < TRACE_BUCKETS; k++)
            sum += report->kinds[i].buckets[k];
        if (sum != report->kinds[i].requests)
            return false;
    }
    return true;
}

int exercise_iotrace(int argc, char **argv)
{
    struct ash_file *file;
    struct trace_report report;
    unsigned long bytes = 0;
    unsigned long long seen = 0;
    size_t done;
    if (argc != 2)
        return wrong("iotrace FILE");
    ash_status status = device_open(nullptr, "\\Device\\SampleTrace", &file);
    if (!ash_success(status))
        return wrong("the filter is not there: 0x%08x", (unsigned)status);
    (void)ash_ioctl(file, IOCTL_TRACE_RESET, nullptr, 0, nullptr, 0, &done);
    status = read_file(argv[1], &bytes);
    printf("read %lu bytes of %s: 0x%08x\n", bytes, argv[1], (unsigned)status);
    for (unsigned i = 0; ash_success(
             ash_ioctl(file, IOCTL_TRACE_REPORT, &i, sizeof(i), &report, sizeof(report), &done));
         i++) {
        show(i, &report);
        seen += report.kinds[TRACE_READ].bytes;
        if (!is_sound(&report))
            return wrong("its buckets do not add up");
    }
    (void)ash_close(file);
    return bytes > 0 && seen >= bytes ? 0 : wrong("the filters saw %llu bytes", seen);
}
