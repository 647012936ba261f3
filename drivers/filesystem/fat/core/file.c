// SPDX-License-Identifier: MIT
//
// A file's clusters and bytes: the run window, growing and shrinking, and copying transfers.
//
// Invariants of struct fat_file:
//  * runs cover [runs[0].index, known) without gaps; contiguous runs are merged.
//  * known > 0 or run_count > 0 implies that `next` is the cluster of index `known`, or 0 at the
//  end
//    of the chain.
//  * tail_known implies allocated and last_cluster are those of the chain.
//  * valid <= size; bytes [valid, size) read as zero whatever is on disk.
#include <string.h>

#include "internal.h"

enum { LOOK_AHEAD = 1024, RUNS_FIRST = 8 };

void fat_file_open(struct fat_file *file, struct fat_volume *volume, uint32_t first_cluster,
                   uint32_t size)
{
    *file = (struct fat_file){
        .volume = volume, .first_cluster = first_cluster, .size = size, .valid = size};
}

void fat_file_close(struct fat_file *file)
{
    const struct fat_device *device = &file->volume->device;
    if (file->runs != NULL)
        device->release(device->context, file->runs);
    file->runs = NULL;
    file->run_count = 0;
    file->run_capacity = 0;
    file->known = 0;
}

// ---- The window of runs ----

static void window_reset(struct fat_file *file)
{
    file->run_count = 0;
    file->known = 0;
    file->next = file->first_cluster;
}

static enum fat_status window_room(struct fat_file *file)
{
    const struct fat_device *device = &file->volume->device;
    if (file->run_count < file->run_capacity)
        return FAT_OK;
    if (file->run_capacity == FAT_RUNS_MAX) {
        uint32_t half = FAT_RUNS_MAX / 2;
        memmove(file->runs, file->runs + half, (FAT_RUNS_MAX - half) * sizeof file->runs[0]);
        file->run_count -= half;
        return FAT_OK;
    }
    uint32_t capacity = file->run_capacity == 0 ? RUNS_FIRST : file->run_capacity * 2;
    struct fat_run *runs = device->allocate(device->context, capacity * sizeof runs[0]);
    if (runs == NULL)
        return FAT_NO_MEMORY;
    if (file->runs != NULL) {
        memcpy(runs, file->runs, file->run_count * sizeof runs[0]);
        device->release(device->context, file->runs);
    }
    file->runs = runs;
    file->run_capacity = capacity;
    return FAT_OK;
}

static enum fat_status window_append(struct fat_file *file, uint32_t cluster, uint32_t count)
{
    struct fat_run *last = file->run_count != 0 ? &file->runs[file->run_count - 1] : NULL;
    if (last != NULL && last->cluster + last->count == cluster) {
        last->count += count;
    } else {
        FAT_TRY(window_room(file));
        file->runs[file->run_count++] = (struct fat_run){file->known, cluster, count};
    }
    file->known += count;
    return FAT_OK;
}

// Extends the window by one run, of at least 1 and at most `limit` clusters. FAT_END at the end.
static enum fat_status window_extend(struct fat_file *file, uint32_t limit)
{
    struct fat_volume *volume = file->volume;
    uint32_t count;
    uint32_t after;
    if (file->known == 0)
        file->next = file->first_cluster;
    if (file->next == FAT_CHAIN_END)
        return FAT_END;
    if (!fat_cluster_valid(volume, file->next))
        return fat_fault(volume, "file: its first cluster is not one of the volume", file->next);
    if (file->known >= volume->geometry.cluster_count)
        return fat_fault(volume, "file: its chain is longer than the volume, so it loops",
                         file->first_cluster);
    uint32_t bound = volume->geometry.cluster_count - file->known;
    FAT_TRY(fat_table_run(volume, file->next, limit < bound ? limit : bound, &count, &after));
    FAT_TRY(window_append(file, file->next, count));
    file->next = after;
    return FAT_OK;
}

enum fat_status fat_file_map(struct fat_file *file, uint32_t index, struct fat_run *run)
{
    if (file->run_count != 0 && index < file->runs[0].index)
        window_reset(file);
    while (index >= file->known) {
        uint32_t want = index - file->known + 1;
        uint32_t ahead = index > LOOK_AHEAD ? index : LOOK_AHEAD; // so few walks cover a file
        enum fat_status status = window_extend(file, want + ahead);
        if (status == FAT_CORRUPT && file->next != FAT_CHAIN_END)
            status = window_extend(file, want); // the damage may lie behind what is needed
        if (status == FAT_END)
            return fat_fault(file->volume, "file: its chain ends before its size", index);
        FAT_TRY(status);
    }
    return fat_file_find(file, index, run) ? FAT_OK : FAT_CORRUPT;
}

// ---- Growing and shrinking ----

static enum fat_status find_tail(struct fat_file *file)
{
    if (file->tail_known)
        return FAT_OK;
    for (;;) {
        enum fat_status status = window_extend(file, UINT32_MAX);
        if (status == FAT_END)
            break;
        FAT_TRY(status);
    }
    file->allocated = file->known;
    file->last_cluster = 0;
    if (file->run_count != 0) {
        const struct fat_run *last = &file->runs[file->run_count - 1];
        file->last_cluster = last->cluster + last->count - 1;
    }
    file->tail_known = true;
    return FAT_OK;
}

static enum fat_status append_clusters(struct fat_file *file, uint32_t want)
{
    struct fat_volume *volume = file->volume;
    uint32_t hint = file->last_cluster != 0 ? file->last_cluster + 1 : 0;
    bool whole = file->known == file->allocated;
    uint32_t first;
    uint32_t count;
    FAT_TRY(fat_table_allocate(volume, hint, want, &first, &count));
    enum fat_status status = FAT_OK;
    if (file->last_cluster != 0)
        status = fat_table_link(volume, file->last_cluster, first);
    if (status == FAT_OK && whole)
        status = window_append(file, first, count);
    if (status != FAT_OK) {
        if (file->last_cluster != 0)
            (void)!fat_table_link(volume, file->last_cluster, FAT_CHAIN_END);
        (void)!fat_table_doom(volume, first);
        return status;
    }
    if (file->last_cluster == 0)
        file->first_cluster = first;
    if (whole)
        file->next = FAT_CHAIN_END;
    file->allocated += count;
    file->last_cluster = first + count - 1;
    return FAT_OK;
}

enum fat_status fat_file_reserve(struct fat_file *file, uint32_t clusters)
{
    FAT_TRY(find_tail(file));
    uint32_t before = file->allocated;
    while (file->allocated < clusters) {
        enum fat_status status = append_clusters(file, clusters - file->allocated);
        if (status != FAT_OK) {
            (void)!fat_file_trim(file, before);
            return status;
        }
    }
    return FAT_OK;
}

static void window_cut(struct fat_file *file, uint32_t clusters)
{
    while (file->run_count != 0 && file->runs[file->run_count - 1].index >= clusters)
        file->run_count--;
    if (file->run_count != 0) {
        struct fat_run *last = &file->runs[file->run_count - 1];
        if (last->index + last->count > clusters)
            last->count = clusters - last->index;
    }
    file->known = clusters;
    file->next = FAT_CHAIN_END;
}

static enum fat_status drop_all(struct fat_file *file)
{
    uint32_t first = file->first_cluster;
    file->first_cluster = 0;
    file->allocated = 0;
    file->last_cluster = 0;
    window_reset(file);
    return fat_table_doom(file->volume, first);
}

enum fat_status fat_file_trim(struct fat_file *file, uint32_t clusters)
{
    struct fat_volume *volume = file->volume;
    struct fat_run run = {0};
    uint32_t rest;
    FAT_TRY(find_tail(file));
    if (file->allocated <= clusters)
        return FAT_OK;
    if (clusters == 0)
        return drop_all(file);
    FAT_TRY(fat_file_map(file, clusters - 1, &run));
    FAT_TRY(fat_table_next(volume, run.cluster, &rest));
    if (rest != FAT_CHAIN_END)
        FAT_TRY(fat_table_doom(volume, rest));
    FAT_TRY(fat_table_link(volume, run.cluster, FAT_CHAIN_END));
    window_cut(file, clusters);
    file->allocated = clusters;
    file->last_cluster = run.cluster;
    return FAT_OK;
}

enum fat_status fat_file_resize(struct fat_file *file, uint32_t size)
{
    uint32_t clusters = fat_clusters_for(file->volume, size);
    if (size >= file->size)
        FAT_TRY(fat_file_reserve(file, clusters));
    else
        FAT_TRY(fat_file_trim(file, clusters));
    file->size = size;
    if (file->valid > size)
        file->valid = size;
    return FAT_OK;
}

// ---- Bytes ----

static uint32_t smaller(uint64_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

// The piece of [offset, offset + length) that lies in one run and, with its whole sectors, in the
// bounce buffer: where its first sector is on the device, and how many bytes.
struct piece {
    uint64_t device_offset; // of the first sector
    uint32_t skip;          // bytes of that sector before the piece
    uint32_t bytes;
    uint32_t span; // bytes of the whole sectors
};

static enum fat_status piece_at(struct fat_file *file, uint32_t offset, uint32_t length,
                                struct piece *piece)
{
    const struct fat_geometry *g = &file->volume->geometry;
    uint32_t sector = 1u << g->sector_shift;
    uint32_t within = offset & (fat_cluster_bytes(file->volume) - 1);
    struct fat_run run = {0};
    FAT_TRY(fat_file_map(file, offset >> g->cluster_shift, &run));
    uint64_t run_bytes = ((uint64_t)run.count << g->cluster_shift) - within;
    piece->skip = within & (sector - 1);
    piece->device_offset = fat_cluster_offset(file->volume, run.cluster) + within - piece->skip;
    piece->bytes = smaller(run_bytes, smaller(length, FAT_BOUNCE_BYTES - piece->skip));
    piece->span = (piece->skip + piece->bytes + sector - 1) & ~(sector - 1);
    return FAT_OK;
}

static enum fat_status piece_read(struct fat_file *file, const struct piece *piece)
{
    const struct fat_device *device = &file->volume->device;
    return device->read(device->context, piece->device_offset, piece->span, file->volume->bounce);
}

static enum fat_status piece_write(struct fat_file *file, const struct piece *piece)
{
    const struct fat_device *device = &file->volume->device;
    return device->write(device->context, piece->device_offset, piece->span, file->volume->bounce);
}

enum fat_status fat_file_settle(struct fat_file *file, uint32_t to)
{
    struct fat_volume *volume = file->volume;
    uint32_t sector = 1u << volume->geometry.sector_shift;
    while (file->valid < to) {
        struct piece piece;
        FAT_TRY(piece_at(file, file->valid, to - file->valid, &piece));
        if (piece.skip != 0) { // keep what is valid in the first sector
            piece.bytes = smaller(piece.bytes, sector - piece.skip);
            piece.span = sector;
            FAT_TRY(piece_read(file, &piece));
        }
        memset(volume->bounce + piece.skip, 0, piece.span - piece.skip);
        FAT_TRY(piece_write(file, &piece));
        file->valid += piece.bytes;
    }
    return FAT_OK;
}

enum fat_status fat_file_read(struct fat_file *file, uint32_t offset, uint32_t length, void *buffer,
                              uint32_t *done)
{
    uint8_t *out = buffer;
    *done = 0;
    length = offset >= file->size ? 0 : smaller(file->size - offset, length);
    while (*done < length) {
        uint32_t at = offset + *done;
        struct piece piece;
        if (at >= file->valid) {
            memset(out + *done, 0, length - *done);
            *done = length;
            break;
        }
        FAT_TRY(piece_at(file, at, smaller(file->valid - at, length - *done), &piece));
        FAT_TRY(piece_read(file, &piece));
        memcpy(out + *done, file->volume->bounce + piece.skip, piece.bytes);
        *done += piece.bytes;
    }
    return FAT_OK;
}

// Partial sectors at either end are read first.
static enum fat_status write_piece(struct fat_file *file, const struct piece *piece,
                                   const uint8_t *data)
{
    uint8_t *bounce = file->volume->bounce;
    if (piece->skip != 0 || piece->bytes != piece->span)
        FAT_TRY(piece_read(file, piece));
    memcpy(bounce + piece->skip, data, piece->bytes);
    return piece_write(file, piece);
}

// Zeroes up to the beginning of a write that may lie behind the end of file.
static enum fat_status fill_gap(struct fat_file *file, uint32_t offset)
{
    enum fat_status status = fat_file_settle(file, offset);
    if (status == FAT_OK && file->size < offset)
        file->size = offset;
    if (file->valid > file->size)
        file->valid = file->size;
    return status;
}

enum fat_status fat_file_prepare(struct fat_file *file, uint32_t offset, uint32_t length)
{
    if (length > UINT32_MAX - offset)
        return FAT_TOO_LARGE;
    FAT_TRY(fat_file_reserve(file, fat_clusters_for(file->volume, offset + length)));
    return offset > file->valid ? fill_gap(file, offset) : FAT_OK;
}

void fat_file_written(struct fat_file *file, uint32_t end)
{
    if (file->valid < end)
        file->valid = end;
    if (file->size < file->valid)
        file->size = file->valid;
}

enum fat_status fat_file_write(struct fat_file *file, uint32_t offset, uint32_t length,
                               const void *buffer, uint32_t *done)
{
    const uint8_t *data = buffer;
    *done = 0;
    if (length == 0)
        return FAT_OK;
    FAT_TRY(fat_file_prepare(file, offset, length));
    while (*done < length) {
        struct piece piece;
        FAT_TRY(piece_at(file, offset + *done, length - *done, &piece));
        FAT_TRY(write_piece(file, &piece, data + *done));
        *done += piece.bytes;
        fat_file_written(file, offset + *done);
    }
    return FAT_OK;
}
