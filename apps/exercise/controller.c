// SPDX-License-Identifier: MIT
/* The sample driver controller: both drives at once, many requests each; each keeps its own data,
 * and the controller is never asked for twice. */
#include "exercise.h"

#define METHOD_BUFFERED 0
#define FILE_ANY_ACCESS 0
#define CTL_CODE        CONTROL_CODE
#include "controller/drives.h"

#define PIECES 16u /* for each drive at once */
#define PIECE  64u

static struct ash_file *files[DRIVES];
static struct ash_io io[DRIVES][PIECES];
static char *data; /* [DRIVES][PIECES][PIECE] */

static char *piece(unsigned drive, unsigned i)
{
    return data + ((size_t)drive * PIECES + i) * PIECE;
}

static char pattern(unsigned drive, unsigned i)
{
    return (char)(drive == 0 ? 'a' + i : 'A' + i);
}

static ash_status start(unsigned drive, unsigned i, bool write)
{
    uint64_t offset = (uint64_t)i * PIECE;
    return write ? ash_write_start(files[drive], piece(drive, i), PIECE, offset, &io[drive][i])
                 : ash_read_start(files[drive], piece(drive, i), PIECE, offset, &io[drive][i]);
}

static int all(bool write)
{
    unsigned good = 0;
    for (unsigned i = 0; i < PIECES; i++)
        for (unsigned drive = 0; drive < DRIVES; drive++) {
            memset(piece(drive, i), write ? pattern(drive, i) : 0, PIECE);
            if (!ash_success(start(drive, i, write)))
                return wrong("a request does not start");
        }
    for (unsigned i = 0; i < PIECES; i++)
        for (unsigned drive = 0; drive < DRIVES; drive++)
            good += ash_io_wait(&io[drive][i]) == STATUS_SUCCESS &&
                    io[drive][i].information == PIECE && piece(drive, i)[0] == pattern(drive, i) &&
                    piece(drive, i)[PIECE - 1] == pattern(drive, i);
    printf("%u of %u %s\n", good, PIECES * DRIVES, write ? "written" : "read back");
    return good == PIECES * DRIVES ? 0 : wrong("not all of them");
}

static int statistics(void)
{
    struct drive_statistics seen = {};
    size_t done = 0;
    ash_status status =
        ash_ioctl(files[1], IOCTL_DRIVE_STATISTICS, nullptr, 0, &seen, sizeof(seen), &done);
    printf("transfers %u + %u, %u switches, %u overlaps\n", seen.Transfers[0], seen.Transfers[1],
           seen.Switches, seen.Overlaps);
    return ash_success(status) && seen.Transfers[0] >= 2 * PIECES && seen.Switches >= PIECES &&
                   seen.Overlaps == 0
               ? 0
               : wrong("the controller was not shared as it should");
}

int exercise_controller(int, char **)
{
    char path[] = "\\Device\\SampleDrive0";
    data = ash_io_buffer_alloc((size_t)DRIVES * PIECES * PIECE);
    for (unsigned drive = 0; drive < DRIVES; drive++) {
        path[sizeof(path) - 2] = (char)('0' + drive);
        ash_status status = device_open("controller", path, &files[drive]);
        if (!ash_success(status))
            return wrong("%s does not open: 0x%08x", path, (unsigned)status);
    }
    int result = all(true) | all(false) | statistics();
    for (unsigned drive = 0; drive < DRIVES; drive++)
        (void)ash_close(files[drive]);
    return result;
}
