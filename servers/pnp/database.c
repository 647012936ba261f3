// SPDX-License-Identifier: MIT
/* See database.h. The parser's structs are large, so the ones used here are static: one thread. */
#include "database.h"
#include "inf_driver.h"
#include "port.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX 32u

#define RESTART_LIMIT 5u
#define IO_TIMEOUT    10u  /* seconds, as of Windows' disks */
#define RESTART_RESET 500u /* milliseconds */

static struct file {
    struct file *next; /* ordered by path */
    char path[PNP_IMAGE_PATH];
    char *text, *scratch;
    char
        *ids; /* every ID that a model names: strings, one after the other, ended by an empty one */
    size_t id_bytes;
    bool has_models, extension;
    bool filters_classes; /* has filters for whole classes */
    struct inf inf;
    struct inf_version version;
} *files;

static void complain(const char *path, const struct inf_error *error)
{
    port_log("%s:%u: %s%s%s", path, error->line, inf_status_text(error->status),
             error->detail[0] != '\0' ? ": " : "", error->detail);
}

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

static void insert(struct file *file)
{
    struct file **place = &files;
    while (*place != nullptr && strcmp((*place)->path, file->path) < 0)
        place = &(*place)->next;
    file->next = *place;
    *place = file;
}

static bool open_file(struct file *file, size_t size)
{
    struct inf_error error;
    size_t scratch = size + size / 2 + 16;
    bool wide = size >= 2 &&
                (((unsigned char)file->text[0] == 0xff) || ((unsigned char)file->text[0] == 0xfe));
    if (wide && (file->scratch = malloc(scratch)) == nullptr)
        return false;
    if (inf_open(&file->inf, file->text, size, file->scratch, wide ? scratch : 0, &error) !=
            INF_OK ||
        inf_read_version(&file->inf, &file->version, &error) != INF_OK) {
        complain(file->path, &error);
        return false;
    }
    return true;
}

/* A failure to remember an ID only means that the file is parsed for each device (ids null). */
static bool add_id(struct file *file, const char *id)
{
    size_t length = strlen(id) + 1;
    char *grown = realloc(file->ids, file->id_bytes + length + 1);
    if (grown == nullptr)
        return false;
    memcpy(grown + file->id_bytes, id, length);
    file->ids = grown;
    file->id_bytes += length;
    grown[file->id_bytes] = '\0';
    return true;
}

static bool add_model_ids(struct file *file, const struct inf_model *model)
{
    static char id[INF_DEVICE_ID_LEN];
    if (model->hardware_id[0] != '\0' && !add_id(file, model->hardware_id))
        return false;
    for (unsigned i = 0; i < model->compatible_count; i++)
        if (inf_model_compatible_id(model, i, id, nullptr) != INF_OK || !add_id(file, id))
            return false;
    return true;
}

/* Collects the IDs once, so that a device's match parses only the files that may have it. */
static void index_models(struct file *file)
{
    static struct inf_model_iterator it;
    static struct inf_model model;
    enum inf_status status;
    bool good = true;
    inf_models(&file->inf, &it);
    while (good && (status = inf_next_model(&it, &model, nullptr)) != INF_END)
        good =
            status == INF_OK ? add_model_ids(file, &model) : status == INF_NO_MODELS_FOR_PLATFORM;
    if (good)
        return;
    free(file->ids);
    file->ids = nullptr;
}

static void destroy(struct file *file)
{
    free(file->ids);
    free(file->text);
    free(file->scratch);
    free(file);
}

/* Most INFs have none: those are not read again for each device. */
static bool filters_classes(const struct file *file)
{
    static struct inf_filters filters;
    struct inf_error error;
    if (inf_class_filters(&file->inf, &filters, &error) == INF_OK)
        return filters.count != 0;
    complain(file->path, &error);
    return false;
}

void pnp_database_add(const char *path, char *text, size_t size)
{
    struct file *file = strlen(path) < PNP_IMAGE_PATH ? calloc(1, sizeof(*file)) : nullptr;
    if (file == nullptr) {
        port_log("%s: no memory, or its path is too long", path);
        free(text);
        return;
    }
    strcpy(file->path, path);
    file->text = text;
    if (!open_file(file, size)) {
        destroy(file);
        return;
    }
    file->has_models = inf_has_section(&file->inf, "Manufacturer");
    file->extension = inf_equal(file->version.class_name, "Extension");
    file->filters_classes = filters_classes(file);
    if (file->has_models)
        index_models(file);
    insert(file);
}

/* The driver lies beside its INF. */
static bool image_path(const struct file *file, const char *name, char image[PNP_IMAGE_PATH])
{
    const char *slash = strrchr(file->path, '/');
    size_t folder = slash != nullptr ? (size_t)(slash - file->path) + 1 : 0;
    if (folder + strlen(name) >= PNP_IMAGE_PATH)
        return false;
    memcpy(image, file->path, folder);
    strcpy(image + folder, name);
    return true;
}

static bool read_service(const struct file *file, const char *section, struct pnp_match *match,
                         struct inf_service *service)
{
    struct inf_error error;
    if (inf_read_service(&file->inf, section, service, &error) != INF_OK) {
        complain(file->path, &error);
        return false;
    }
    if (strlen(service->name) >= PNP_SERVICE_NAME ||
        (service->name[0] != '\0' && !image_path(file, service->file_name, match->image))) {
        port_log("%s: the service's name or binary is too long", file->path);
        return false;
    }
    strcpy(match->service, service->name);
    strcpy(match->inf, file->path);
    copy_text(match->class_name, sizeof(match->class_name), file->version.class_name);
    copy_text(match->class_guid, sizeof(match->class_guid), file->version.class_guid);
    return true;
}

static unsigned list_ids(const char *strings, const char *ids[IDS_MAX])
{
    unsigned count = 0;
    while (strings != nullptr && *strings != '\0' && count < IDS_MAX) {
        ids[count++] = strings;
        strings += strlen(strings) + 1;
    }
    return count;
}

static bool names_one_of(const struct file *file, const char *const *ids, unsigned count)
{
    for (const char *id = file->ids; id != nullptr && *id != '\0'; id += strlen(id) + 1)
        for (unsigned i = 0; i < count; i++)
            if (inf_equal(id, ids[i]))
                return true;
    return false;
}

static bool may_match(const struct file *file, const struct inf_device_ids *ids)
{
    if (!file->has_models)
        return false;
    return file->ids == nullptr || names_one_of(file, ids->hardware_ids, ids->hardware_count) ||
           names_one_of(file, ids->compatible_ids, ids->compatible_count);
}

/* What the INF sets for the device, else `otherwise`; a damaged line is named and left out. */
static uint32_t device_value(const struct file *file, const char *section, const char *name,
                             uint32_t otherwise)
{
    struct inf_error error;
    uint32_t value;
    enum inf_status status = inf_device_value(&file->inf, section, "", name, &value, &error);
    if (status != INF_OK && status != INF_NO_ENTRY)
        complain(file->path, &error);
    return status == INF_OK ? value : otherwise;
}

/* Whether requests to devices of its class may be done again. */
static bool is_of_disks(const struct file *file)
{
    static const char *const replayed[] = {"SCSIAdapter", "HDC", "DiskDrive"};
    for (size_t i = 0; i < sizeof(replayed) / sizeof(replayed[0]); i++)
        if (strcmp(file->version.class_name, replayed[i]) == 0)
            return true;
    return false;
}

static void read_codes(const struct file *file, const char *section, struct inf_codes *codes)
{
    struct inf_error error;
    if (inf_device_codes(&file->inf, section, "ReplayedControlCodes", codes, &error) != INF_OK) {
        complain(file->path, &error);
        codes->count = 0;
    }
}

static void read_values(const struct file *file, const char *section, struct pnp_match *match)
{
    bool disks = is_of_disks(file);
    match->dma_copying = device_value(file, section, "DmaCopyingPool", 0);
    match->dma_map_registers = device_value(file, section, "DmaMapRegisters", 0);
    match->restart_limit = device_value(file, section, "RestartLimit", disks ? RESTART_LIMIT : 0);
    match->restart_reset = device_value(file, section, "RestartReset", RESTART_RESET);
    match->io_timeout = device_value(file, section, "IoTimeoutValue", disks ? IO_TIMEOUT : 0);
    read_codes(file, section, &match->replayed);
}

static const char *hardware_ids[IDS_MAX], *compatible_ids[IDS_MAX];

static struct inf_device_ids ids_of(const char *hardware, const char *compatible)
{
    return (struct inf_device_ids){hardware_ids, list_ids(hardware, hardware_ids), compatible_ids,
                                   list_ids(compatible, compatible_ids)};
}

static bool best_model(const struct file *file, const struct inf_device_ids *ids,
                       struct inf_model *model, uint32_t *score)
{
    struct inf_error error;
    *score = INF_NO_MATCH;
    return may_match(file, ids) &&
           inf_best_model(&file->inf, ids, model, score, &error) == INF_OK &&
           *score != INF_NO_MATCH;
}

bool pnp_database_match(const char *hardware, const char *compatible, struct pnp_match *match)
{
    static struct inf_model model;
    static struct inf_service service;
    const struct inf_device_ids ids = ids_of(hardware, compatible);
    *match = (struct pnp_match){.score = INF_NO_MATCH};
    for (const struct file *file = files; file != nullptr; file = file->next) {
        uint32_t score;
        struct pnp_match found = {};
        if (file->extension || !best_model(file, &ids, &model, &score) || score >= match->score)
            continue;
        if (!read_service(file, model.install_section, &found, &service))
            continue;
        copy_text(found.description, sizeof(found.description), model.description);
        copy_text(found.manufacturer, sizeof(found.manufacturer), model.manufacturer);
        copy_text(found.section, sizeof(found.section), model.install_section);
        read_values(file, model.install_section, &found);
        found.score = score;
        *match = found;
    }
    return match->score != INF_NO_MATCH;
}

/* The binary of a filter: as its own AddService entry says, else drivers/NAME/NAME. */
static bool filter_image(const struct file *file, const char *section, const char *name,
                         struct pnp_filter *filter)
{
    static struct inf_service service;
    copy_text(filter->service, sizeof(filter->service), name);
    if (inf_read_service_named(&file->inf, section, name, &service, nullptr) == INF_OK)
        return service.start_type != INF_START_DISABLED &&
               image_path(file, service.file_name, filter->image);
    return snprintf(filter->image, sizeof(filter->image), "drivers/%s/%s", name, name) <
           (int)sizeof(filter->image);
}

static void add_filters(const struct file *file, const char *section,
                        const struct inf_filters *filters, struct pnp_match *match)
{
    for (unsigned i = 0; i < filters->count; i++) {
        const char *class_guid = filters->item[i].class_guid;
        struct pnp_filter filter = {.upper = filters->item[i].upper};
        if (class_guid[0] != '\0' && !inf_equal(class_guid, match->class_guid))
            continue;
        if (strlen(filters->item[i].service) >= PNP_SERVICE_NAME ||
            !filter_image(file, section, filters->item[i].service, &filter))
            continue;
        if (match->filter_count < PNP_FILTERS)
            match->filters[match->filter_count++] = filter;
        else
            port_log("%s: the device has too many filters for %s", file->path, filter.service);
    }
}

static void device_filters(const struct file *file, const char *section, struct pnp_match *match)
{
    static struct inf_filters filters;
    struct inf_error error;
    if (inf_device_filters(&file->inf, section, &filters, &error) == INF_OK)
        add_filters(file, section, &filters, match);
    else
        complain(file->path, &error);
}

static void device_messages(const struct file *file, const char *section, struct pnp_match *match)
{
    struct inf_messages messages = {match->message_supported, match->message_limit};
    struct inf_error error;
    if (inf_device_messages(&file->inf, section, &messages, &error) != INF_OK)
        complain(file->path, &error);
    match->message_supported = messages.supported;
    match->message_limit = messages.limit;
}

static void class_filters(const struct file *file, struct pnp_match *match)
{
    static struct inf_filters filters;
    if (file->filters_classes && inf_class_filters(&file->inf, &filters, nullptr) == INF_OK)
        add_filters(file, "DefaultInstall", &filters, match);
}

void pnp_database_filters(const char *hardware, const char *compatible, struct pnp_match *match)
{
    static struct inf_model model;
    const struct inf_device_ids ids = ids_of(hardware, compatible);
    uint32_t score;
    for (const struct file *file = files; file != nullptr; file = file->next)
        if (strcmp(file->path, match->inf) == 0) {
            device_filters(file, match->section, match);
            device_messages(file, match->section, match);
        }
    for (const struct file *file = files; file != nullptr; file = file->next)
        if (file->extension && best_model(file, &ids, &model, &score)) {
            device_filters(file, model.install_section, match);
            device_messages(file, model.install_section, match);
        }
    for (const struct file *file = files; file != nullptr; file = file->next)
        class_filters(file, match);
}

bool pnp_database_file_system(unsigned *next, struct pnp_match *match)
{
    static struct inf_service service;
    unsigned index = 0;
    for (const struct file *file = files; file != nullptr; file = file->next, index++) {
        if (index < *next || file->has_models)
            continue;
        *match = (struct pnp_match){};
        if (!read_service(file, "DefaultInstall", match, &service) ||
            service.type != INF_FILE_SYSTEM_DRIVER || service.start_type > INF_START_AUTO)
            continue;
        match->restart_limit = RESTART_LIMIT;
        match->restart_reset = RESTART_RESET;
        match->io_timeout = IO_TIMEOUT * 3; /* one request may be several of its disk's */
        *next = index + 1;
        return true;
    }
    return false;
}

void pnp_database_clear(void)
{
    while (files != nullptr) {
        struct file *file = files;
        files = file->next;
        destroy(file);
    }
}
