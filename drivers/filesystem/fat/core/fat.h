// SPDX-License-Identifier: MIT
//
// The FAT core: FAT12, FAT16 and FAT32 with long names, read and write, free of any operating
// system. The WDM face (../) calls it in the driver task; host tests and the fuzzer call it on
// image files.
//
// Guarantees:
//  * The volume is untrusted. Every number read from it is checked before it is used; a broken
//    rule is named through fat_device.report and answered with FAT_CORRUPT or FAT_UNRECOGNIZED.
//    Every walk is bounded, whatever the volume says.
//  * Only metadata goes through the cache; a cache block never holds bytes of a file's data, so
//    file data may be transferred around it.
//  * Metadata is written back in an order that keeps a crashed volume repairable: see fat_flush.
//
// Nothing here locks. The caller serialises all calls on one volume, with one exception:
// fat_file_find and fat_cluster_offset only read and may run concurrently with each other while no
// call changes that file.
//
// Units: offsets and lengths are bytes unless the name says sectors or clusters. Times are 100 ns
// units since 1601-01-01 (the volume's local time is taken as UTC). Names are UTF-16 with a length
// in code units.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum [[nodiscard]] fat_status {
    FAT_OK,
    FAT_END,          // no further directory entry
    FAT_NOT_FOUND,    // no entry of that name
    FAT_EXISTS,       // an entry of that name is there already
    FAT_BAD_NAME,     // the name cannot be stored on a FAT volume
    FAT_NOT_EMPTY,    // the directory still has entries
    FAT_NO_SPACE,     // no free cluster, or no free slot in a fixed root directory
    FAT_TOO_LARGE,    // a file would pass 4 GiB - 1 or a directory 2 MiB
    FAT_NO_MEMORY,    // fat_device.allocate failed
    FAT_IO_ERROR,     // the device failed a transfer
    FAT_CORRUPT,      // the volume breaks a rule, which was reported
    FAT_UNRECOGNIZED, // the boot sector is not that of a FAT volume; the rule was reported
};

// What the core needs from its surroundings. All functions run in the caller's context and may
// block. read/write: offset and length are multiples of the volume's sector size and lie inside
// size; the buffer stays the core's.
struct fat_device {
    void *context;
    uint64_t size;        // bytes that may be addressed
    uint32_t sector_size; // smallest transfer in bytes, a power of two
    enum fat_status (*read)(void *context, uint64_t offset, uint32_t length, void *buffer);
    enum fat_status (*write)(void *context, uint64_t offset, uint32_t length, const void *buffer);
    enum fat_status (*flush)(void *context);        // makes earlier writes durable
    void *(*allocate)(void *context, size_t bytes); // NULL when there is none
    void (*release)(void *context, void *memory);
    // A rule of the format is broken. rule is a static string, value the offending number.
    void (*report)(void *context, const char *rule, uint64_t value);
};

enum fat_kind { FAT_12 = 12, FAT_16 = 16, FAT_32 = 32 };

enum {
    FAT_FIRST_CLUSTER = 2,
    FAT_ENTRY_BYTES = 32,
    FAT_NAME_MAX = 255, // code units of a long name
    FAT_ALIAS_MAX = 12, // "12345678.123"
    FAT_DIRECTORY_MAX = 65536 * FAT_ENTRY_BYTES,
    FAT_CACHE_BLOCKS = 32,
    FAT_CACHE_BLOCK_BYTES = 4096,
    FAT_READ_AHEAD_BYTES = 32768,
    FAT_DOOMED_MAX = 64,
    FAT_RUNS_MAX = 4096,
    FAT_BOUNCE_BYTES = 65536,
};

enum fat_attribute {
    FAT_READ_ONLY = 0x01,
    FAT_HIDDEN = 0x02,
    FAT_SYSTEM = 0x04,
    FAT_LABEL = 0x08,
    FAT_DIRECTORY = 0x10,
    FAT_ARCHIVE = 0x20,
    FAT_LONG_NAME = 0x0F,
    FAT_ATTRIBUTE_MASK = 0x3F,
};

// Where everything lies on the volume. Established once by fat_geometry_parse; every field
// satisfies the rules checked there, so arithmetic on them cannot overflow.
struct fat_geometry {
    enum fat_kind kind;
    uint32_t sector_shift;  // log2 of the sector size
    uint32_t cluster_shift; // log2 of the cluster size in bytes
    uint32_t total_sectors;
    uint32_t fat_start;   // first sector of the first FAT
    uint32_t fat_sectors; // of one FAT
    uint32_t fat_count;
    uint32_t fat_active; // index of the FAT that is read
    bool fat_mirrored;   // writes go to all FATs
    uint32_t root_start; // fixed root directory (FAT12/16): sectors, else 0
    uint32_t root_sectors;
    uint32_t root_cluster; // FAT32, else 0
    uint32_t data_start;   // sector of cluster 2
    uint32_t cluster_count;
    uint32_t fsinfo_sector; // 0: none
    uint32_t state_offset;  // byte of the boot sector with the dirty bit; 0: none
    uint32_t serial;
};

struct fat_block {
    uint32_t sector; // first sector; a block never crosses a region or a cluster
    uint16_t sectors;
    uint8_t region;
    bool valid;
    bool dirty;
    uint32_t used; // stamp of the last use
    uint8_t *data;
};

struct fat_volume {
    struct fat_geometry geometry;
    struct fat_device device;
    struct fat_block blocks[FAT_CACHE_BLOCKS];
    struct fat_block *recent; // the last block that was asked for
    uint32_t stamp;
    uint32_t ahead;      // sector at which the FAT is read on, if it is read in order
    uint8_t *storage;    // FAT_CACHE_BLOCKS * FAT_CACHE_BLOCK_BYTES
    uint8_t *bounce;     // FAT_BOUNCE_BYTES, for unaligned file data and zeroes
    uint32_t next_free;  // where the search for a free cluster begins
    uint32_t free_count; // meaningful when free_known
    bool free_known;
    bool fsinfo_stale; // free_count or next_free differ from the FSInfo sector
    bool marked_dirty; // the boot sector's state byte says "in use"
    bool was_dirty;    // it said so when the volume was mounted
    uint32_t reports;  // number of rules reported; the flood is capped
    uint32_t doomed_count;
    uint32_t doomed[FAT_DOOMED_MAX]; // chains that are freed once no entry on disk names them
    uint8_t label[11];               // from the root directory, else the boot sector; space padded
};

// ---- Volume --------------------------------------------------------------------------------

// Checks a boot sector of `bytes` bytes (at least 512) for a device of device_bytes. On
// FAT_UNRECOGNIZED *rule names the rule broken and *value the number that broke it.
enum fat_status fat_geometry_parse(const uint8_t *boot, size_t bytes, uint64_t device_bytes,
                                   uint32_t device_sector, struct fat_geometry *out,
                                   const char **rule, uint64_t *value);

// Mounts. *volume need not be initialised; device is copied. On failure nothing is left behind.
enum fat_status fat_mount(struct fat_volume *volume, const struct fat_device *device);

// Writes everything back as fat_flush does, marks the volume clean and frees all memory, also when
// the flush fails (whose error is returned).
enum fat_status fat_unmount(struct fat_volume *volume);

// Frees memory without writing: for a device that is gone.
void fat_abandon(struct fat_volume *volume);

// Writes back all metadata in this order: (1) the dirty mark, (2) FAT blocks, every copy, (3)
// directory blocks, (4) the FAT again with the clusters of deleted and truncated files freed, and
// FSInfo. With `durable` the device is flushed after (2), (3) and (4); else each write is merely
// finished before the next step begins. With `clean` the dirty mark is taken back last.
// A crash between (2) and (3) leaves lost clusters, between (3) and (4) likewise; a cluster is
// never free in the FAT, or part of another file, while an entry on disk still names it.
enum fat_status fat_flush(struct fat_volume *volume, bool durable, bool clean);

// Free clusters; scans the FAT the first time if FSInfo cannot be believed.
enum fat_status fat_free_clusters(struct fat_volume *volume, uint32_t *count);

// ---- Names ---------------------------------------------------------------------------------

uint16_t fat_upcase(uint16_t unit);
bool fat_names_equal(const uint16_t *a, size_t a_length, const uint16_t *b, size_t b_length);
// '*' and '?' as in FsRtlIsNameInExpression, with the DOS forms '<' (DOS_STAR), '>' (DOS_QM) and
// '"' (DOS_DOT). Case-insensitive. Time is bounded by pattern length times name length.
bool fat_name_matches(const uint16_t *pattern, size_t pattern_length, const uint16_t *name,
                      size_t name_length);
// Whether a new entry may have this name: 1 to 255 units, no control or reserved characters, no
// trailing space or full stop, well-formed surrogates not demanded.
bool fat_name_valid(const uint16_t *name, size_t length);

uint64_t fat_time_decode(uint16_t date, uint16_t time, uint8_t tenths);
// Saturates to 1980-01-01 .. 2107-12-31.
void fat_time_encode(uint64_t nt_time, uint16_t *date, uint16_t *time, uint8_t *tenths);

// ---- Directories ---------------------------------------------------------------------------
// A directory is named by its first cluster; 0 is the fixed root of FAT12/16.

struct fat_entry {
    uint16_t name[FAT_NAME_MAX];
    uint16_t name_length;
    uint16_t alias[FAT_ALIAS_MAX];
    uint16_t alias_length; // 0 when the name itself is the 8.3 name
    uint8_t attributes;
    uint32_t first_cluster; // 0: no cluster; for a directory that is the root: fat_root()
    uint32_t size;
    uint64_t created;
    uint64_t accessed;
    uint64_t written;
    uint32_t directory;    // that holds the entry
    uint32_t first_offset; // of the first slot (long name or, without one, the 8.3 entry)
    uint32_t offset;       // of the 8.3 entry in the directory
    uint32_t sector;       // sector and byte where the 8.3 entry lies: the entry's identity
    uint32_t sector_offset;
};

struct fat_cursor {
    struct fat_volume *volume;
    uint32_t directory;
    uint32_t offset;  // of the next slot
    uint32_t cluster; // that holds offset, when index says so
    uint32_t index;
};

uint32_t fat_root(const struct fat_volume *volume);

// Starts an enumeration at byte `offset` (0, or an earlier cursor.offset).
void fat_cursor_start(struct fat_cursor *cursor, struct fat_volume *volume, uint32_t directory,
                      uint32_t offset);
// The next entry, "." and ".." included, the label not; FAT_END after the last.
enum fat_status fat_cursor_next(struct fat_cursor *cursor, struct fat_entry *entry);

// Finds by long or 8.3 name, without regard to case.
enum fat_status fat_lookup(struct fat_volume *volume, uint32_t directory, const uint16_t *name,
                           size_t length, struct fat_entry *entry);

// Creates an entry. entry holds attributes, first_cluster, size and the three times on entry (all
// written as they are); the rest is filled in. FAT_EXISTS if the name is taken.
enum fat_status fat_create(struct fat_volume *volume, uint32_t directory, const uint16_t *name,
                           size_t length, struct fat_entry *entry);

// Creates a directory with "." and "..". entry as for fat_create; first_cluster is filled in.
enum fat_status fat_make_directory(struct fat_volume *volume, uint32_t directory,
                                   const uint16_t *name, size_t length, struct fat_entry *entry);

// Writes attributes, first_cluster, size and times of an entry back to its 8.3 slot.
enum fat_status fat_update(struct fat_volume *volume, const struct fat_entry *entry);

// Removes the entry's slots and dooms its clusters. A directory must be empty.
enum fat_status fat_remove(struct fat_volume *volume, const struct fat_entry *entry);

// Gives an entry another name and perhaps another directory; *entry then describes the new place.
// An entry of that name must not exist (FAT_EXISTS), except the entry itself (change of case).
// FAT_BAD_NAME if a directory would be moved below itself.
enum fat_status fat_rename(struct fat_volume *volume, struct fat_entry *entry, uint32_t directory,
                           const uint16_t *name, size_t length);

// ---- Files ---------------------------------------------------------------------------------

struct fat_run {
    uint32_t index;   // first cluster index within the file
    uint32_t cluster; // where it lies
    uint32_t count;
};

// An open file's clusters. runs describes cluster indices [runs[0].index, known) of the file,
// sorted and without gaps; it is a bounded window that is rebuilt when a walk goes backwards.
struct fat_file {
    struct fat_volume *volume;
    uint32_t first_cluster;
    uint32_t size;         // end of file
    uint32_t valid;        // bytes from here to size read as zero and are not yet on disk
    uint32_t allocated;    // clusters in the chain; meaningful when tail_known
    uint32_t last_cluster; // likewise; 0 if the chain is empty
    bool tail_known;
    struct fat_run *runs;
    uint32_t run_count;
    uint32_t run_capacity;
    uint32_t known; // first cluster index that the runs do not cover
    uint32_t next;  // cluster of index `known` while known > 0; 0 when the chain ended there
};

void fat_file_open(struct fat_file *file, struct fat_volume *volume, uint32_t first_cluster,
                   uint32_t size);
void fat_file_close(struct fat_file *file); // frees the runs; writes nothing

// Looks in the runs only: no FAT access, no locking, no allocation. False if index is not covered.
static inline bool fat_file_find(const struct fat_file *file, uint32_t index, struct fat_run *run);

// Ensures that the cluster `index` is covered by the runs and returns its run from there on.
// FAT_CORRUPT if the chain ends before.
enum fat_status fat_file_map(struct fat_file *file, uint32_t index, struct fat_run *run);

// Makes the chain at least / at most `clusters` long. Does not change size.
enum fat_status fat_file_reserve(struct fat_file *file, uint32_t clusters);
enum fat_status fat_file_trim(struct fat_file *file, uint32_t clusters);

// Sets the end of file, allocating or dooming clusters. Bytes gained read as zero.
enum fat_status fat_file_resize(struct fat_file *file, uint32_t size);

// Writes zeroes to disk up to byte `to` (at most size) where they are only promised so far.
enum fat_status fat_file_settle(struct fat_file *file, uint32_t to);

// For a caller that writes the data itself, around the core: prepare allocates the clusters of
// [offset, offset + length) and settles what lies before; written notes afterwards that everything
// up to `end` is on disk and in the file.
enum fat_status fat_file_prepare(struct fat_file *file, uint32_t offset, uint32_t length);
void fat_file_written(struct fat_file *file, uint32_t end);

// Copying transfers through the volume's bounce buffer, any alignment. read returns the bytes
// before the end of file in *done; write extends the file as needed and, after an error, tells in
// *done how much was written.
enum fat_status fat_file_read(struct fat_file *file, uint32_t offset, uint32_t length, void *buffer,
                              uint32_t *done);
enum fat_status fat_file_write(struct fat_file *file, uint32_t offset, uint32_t length,
                               const void *buffer, uint32_t *done);

static inline uint32_t fat_cluster_bytes(const struct fat_volume *volume)
{
    return 1u << volume->geometry.cluster_shift;
}

// Byte of the device where a cluster begins.
static inline uint64_t fat_cluster_offset(const struct fat_volume *volume, uint32_t cluster)
{
    const struct fat_geometry *g = &volume->geometry;
    return ((uint64_t)g->data_start << g->sector_shift) +
           ((uint64_t)(cluster - FAT_FIRST_CLUSTER) << g->cluster_shift);
}

// Clusters needed for `bytes` bytes.
static inline uint32_t fat_clusters_for(const struct fat_volume *volume, uint32_t bytes)
{
    uint32_t shift = volume->geometry.cluster_shift;
    return (bytes >> shift) + ((bytes & ((1u << shift) - 1)) != 0);
}

static inline bool fat_file_find(const struct fat_file *file, uint32_t index, struct fat_run *run)
{
    const struct fat_run *runs = file->runs;
    uint32_t low = 0;
    uint32_t high = file->run_count;
    if (high == 0 || index >= file->known || index < runs[0].index)
        return false;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (runs[middle].index <= index)
            low = middle;
        else
            high = middle;
    }
    uint32_t skip = index - runs[low].index;
    *run = (struct fat_run){index, runs[low].cluster + skip, runs[low].count - skip};
    return true;
}
