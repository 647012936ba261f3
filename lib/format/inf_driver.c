// SPDX-License-Identifier: MIT
//
// [Version] and services of a driver package's INF.
#include "inf_driver.h"

#include <string.h>

// Reads value `index` of the first entry `key` of `section`. INF_END when there is no such entry.
static enum inf_status get_value(const struct inf *inf, const char *section, const char *key,
                                 char *buffer, size_t size, struct inf_error *error)
{
    struct inf_line line;
    enum inf_status status = inf_find(inf, section, key, &line, error);
    return status == INF_OK ? inf_field(&line, 1, buffer, size, nullptr, error) : status;
}

// The same for an entry that may be absent: then "".
static enum inf_status get_optional(const struct inf *inf, const char *section, const char *key,
                                    char *buffer, size_t size, struct inf_error *error)
{
    buffer[0] = 0;
    enum inf_status status = get_value(inf, section, key, buffer, size, error);
    return status == INF_END ? INF_OK : status;
}

static enum inf_status get_required(const struct inf *inf, const char *section, const char *key,
                                    struct inf_line *line, struct inf_error *error)
{
    enum inf_status status = inf_find(inf, section, key, line, error);
    return status == INF_END ? inf_fail(error, INF_NO_ENTRY, 0, key) : status;
}

// ---- [Version] ----

static bool is_hex(char c)
{
    char l = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'f');
}

static bool guid_valid(const char *guid)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    for (size_t i = 0; i < sizeof form; i++) {
        bool fits = form[i] == 'x' ? is_hex(guid[i]) : guid[i] == form[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

// Reads digits up to a value of `most`; advances *text. False without digits or above.
static bool take_number(const char **text, unsigned most, unsigned *value)
{
    const char *p = *text;
    unsigned sum = 0;
    while (*p >= '0' && *p <= '9' && sum <= most) {
        sum = sum * 10 + (unsigned)(*p++ - '0');
    }
    bool ok = p != *text && sum <= most;
    *text = p;
    *value = sum;
    return ok;
}

// mm/dd/yyyy or mm-dd-yyyy, two digits, two digits, four digits.
static bool parse_date(const char *text, struct inf_version *version)
{
    const char *p = text;
    unsigned month;
    unsigned day;
    unsigned year;
    if (!take_number(&p, 12, &month) || p - text != 2 || (*p != '/' && *p != '-') || month == 0) {
        return false;
    }
    char separator = *p++;
    if (!take_number(&p, 31, &day) || p - text != 5 || *p != separator || day == 0) {
        return false;
    }
    p++;
    if (!take_number(&p, 9999, &year) || p - text != 10 || *p != 0) {
        return false;
    }
    version->month = (uint8_t)month;
    version->day = (uint8_t)day;
    version->year = (uint16_t)year;
    return true;
}

// w[.x[.y[.z]]], each below 65535.
static bool parse_version(const char *text, uint16_t version[4])
{
    const char *p = text;
    for (unsigned i = 0; i < 4; i++) {
        unsigned value;
        if (!take_number(&p, 65534, &value)) {
            return false;
        }
        version[i] = (uint16_t)value;
        if (*p == 0) {
            return true;
        }
        if (*p++ != '.') {
            return false;
        }
    }
    return false;
}

static enum inf_status read_driver_version(const struct inf *inf, struct inf_version *version,
                                           struct inf_error *error)
{
    struct inf_line line;
    char text[32];
    enum inf_status status = get_required(inf, "Version", "DriverVer", &line, error);
    if (status == INF_OK) {
        status = inf_field(&line, 1, text, sizeof text, nullptr, error);
    }
    if (status != INF_OK) {
        return status;
    }
    if (!parse_date(text, version)) {
        return inf_fail(error, INF_BAD_DRIVER_VERSION, line.line, text);
    }
    status = inf_field(&line, 2, text, sizeof text, nullptr, error);
    if (status == INF_NO_FIELD || (status == INF_OK && text[0] == 0)) {
        return INF_OK;
    }
    if (status == INF_OK && !parse_version(text, version->driver_version)) {
        return inf_fail(error, INF_BAD_DRIVER_VERSION, line.line, text);
    }
    return status;
}

static enum inf_status check_signature(const struct inf *inf, struct inf_error *error)
{
    struct inf_line line;
    char text[32];
    enum inf_status status = get_required(inf, "Version", "Signature", &line, error);
    if (status != INF_OK) {
        return status;
    }
    status = inf_field(&line, 1, text, sizeof text, nullptr, error);
    if (status != INF_OK) {
        return status;
    }
    bool known = inf_equal(text, "$Windows NT$") || inf_equal(text, "$Chicago$");
    return known ? INF_OK : inf_fail(error, INF_BAD_SIGNATURE, line.line, text);
}

enum inf_status inf_read_version(const struct inf *inf, struct inf_version *version,
                                 struct inf_error *error)
{
    *version = (struct inf_version){0};
    if (!inf_has_section(inf, "Version")) {
        return inf_fail(error, INF_NO_SECTION, 0, "Version");
    }
    enum inf_status status = check_signature(inf, error);
    if (status == INF_OK) {
        status = get_optional(inf, "Version", "Class", version->class_name,
                              sizeof version->class_name, error);
    }
    if (status == INF_OK) {
        status = get_optional(inf, "Version", "ClassGuid", version->class_guid,
                              sizeof version->class_guid, error);
    }
    if (status == INF_OK && version->class_guid[0] != 0 && !guid_valid(version->class_guid)) {
        return inf_fail(error, INF_BAD_GUID, 0, version->class_guid);
    }
    if (status == INF_OK) {
        status = get_optional(inf, "Version", "Provider", version->provider,
                              sizeof version->provider, error);
    }
    return status == INF_OK ? read_driver_version(inf, version, error) : status;
}

// ---- services ----

#define ASSOCIATED_SERVICE 0x2u

static bool join(char *out, size_t size, const char *a, const char *b, const char *c)
{
    const char *parts[] = {a, b, c};
    size_t used = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t length = strlen(parts[i]);
        if (size - used <= length) {
            return false;
        }
        memcpy(out + used, parts[i], length);
        used += length;
    }
    out[used] = 0;
    return true;
}

enum inf_status inf_decorate(const struct inf *inf, const char *install_section, const char *suffix,
                             char *name, size_t size, struct inf_error *error)
{
    static const char *const decorations[] = {(".NT" INF_ARCHITECTURE), ".NT", ""};
    for (unsigned i = 0; i < sizeof decorations / sizeof decorations[0]; i++) {
        if (!join(name, size, install_section, decorations[i], suffix)) {
            return inf_fail(error, INF_FIELD_TOO_LONG, 0, install_section);
        }
        if (inf_has_section(inf, name)) {
            return INF_OK;
        }
    }
    return inf_fail(error, INF_NO_SECTION, 0, name);
}

// Finds the AddService entry that counts and leaves it in *found.
static enum inf_status find_add_service(const struct inf *inf, const char *section,
                                        struct inf_line *found, uint32_t *flags,
                                        struct inf_error *error)
{
    struct inf_iterator it = inf_section(inf, section);
    struct inf_line line;
    bool any = false;
    enum inf_status status;
    while ((status = inf_next(&it, &line, error)) == INF_OK) {
        char key[INF_SERVICE_NAME_LEN];
        uint32_t value = 0;
        if (inf_field(&line, 0, key, sizeof key, nullptr, nullptr) != INF_OK ||
            !inf_equal(key, "AddService")) {
            continue;
        }
        status = inf_field_number(&line, 2, &value, error);
        if (status != INF_OK && status != INF_NO_FIELD) {
            return status;
        }
        bool associated = (value & ASSOCIATED_SERVICE) != 0;
        if (associated || !any) {
            *found = line;
            *flags = value;
        }
        any = true;
        if (associated) {
            break;
        }
    }
    if (status != INF_OK && status != INF_END && status != INF_NO_FIELD) {
        return status;
    }
    return any ? INF_OK : inf_fail(error, INF_NO_SERVICE, 0, section);
}

static enum inf_status get_number(const struct inf *inf, const char *section, const char *key,
                                  uint32_t most, enum inf_status rule, uint32_t *value,
                                  struct inf_error *error)
{
    struct inf_line line;
    enum inf_status status = get_required(inf, section, key, &line, error);
    if (status == INF_OK) {
        status = inf_field_number(&line, 1, value, error);
    }
    if (status == INF_NO_FIELD || (status == INF_OK && *value > most)) {
        return inf_fail(error, rule, line.line, key);
    }
    return status;
}

// The last component; NULL when the path is not %dirid%\...\file.
static const char *file_name_of(const char *path)
{
    const char *last = strrchr(path, '\\');
    if (path[0] != '%' || path[1] < '0' || path[1] > '9' || last == nullptr || last[1] == 0) {
        return nullptr;
    }
    const char *end = strchr(path + 1, '%');
    return end != nullptr && end[1] == '\\' && strchr(last, '/') == nullptr ? last + 1 : nullptr;
}

static enum inf_status read_binary(const struct inf *inf, const char *section,
                                   struct inf_service *service, struct inf_error *error)
{
    struct inf_line line;
    enum inf_status status = get_required(inf, section, "ServiceBinary", &line, error);
    if (status == INF_OK) {
        status = inf_field(&line, 1, service->binary, sizeof service->binary, nullptr, error);
    }
    if (status != INF_OK) {
        return status;
    }
    service->file_name = file_name_of(service->binary);
    return service->file_name != nullptr
               ? INF_OK
               : inf_fail(error, INF_BAD_SERVICE_BINARY, line.line, service->binary);
}

static enum inf_status read_codes(const struct inf *inf, const char *section,
                                  struct inf_service *service, struct inf_error *error)
{
    uint32_t type = 0;
    uint32_t start = 0;
    enum inf_status status = get_number(inf, section, "ServiceType", INF_FILE_SYSTEM_DRIVER,
                                        INF_BAD_SERVICE_TYPE, &type, error);
    if (status == INF_OK && type == 0) {
        return inf_fail(error, INF_BAD_SERVICE_TYPE, 0, section);
    }
    if (status == INF_OK) {
        status = get_number(inf, section, "StartType", INF_START_DISABLED, INF_BAD_START_TYPE,
                            &start, error);
    }
    if (status == INF_OK) {
        status = get_number(inf, section, "ErrorControl", 3, INF_BAD_ERROR_CONTROL,
                            &service->error_control, error);
    }
    service->type = (enum inf_service_type)type;
    service->start_type = (enum inf_start_type)start;
    return status;
}

static enum inf_status read_texts(const struct inf *inf, const char *section,
                                  struct inf_service *service, struct inf_error *error)
{
    enum inf_status status = get_optional(inf, section, "DisplayName", service->display_name,
                                          sizeof service->display_name, error);
    if (status == INF_OK) {
        status = get_optional(inf, section, "Description", service->description,
                              sizeof service->description, error);
    }
    if (status == INF_OK) {
        status = get_optional(inf, section, "LoadOrderGroup", service->load_order_group,
                              sizeof service->load_order_group, error);
    }
    return status;
}

static enum inf_status read_install(const struct inf *inf, const char *section,
                                    struct inf_service *service, struct inf_error *error)
{
    if (!inf_has_section(inf, section)) {
        return inf_fail(error, INF_NO_SECTION, 0, section);
    }
    enum inf_status status = read_texts(inf, section, service, error);
    if (status == INF_OK) {
        status = read_codes(inf, section, service, error);
    }
    return status == INF_OK ? read_binary(inf, section, service, error) : status;
}

static enum inf_status read_entry(const struct inf *inf, const struct inf_line *line,
                                  struct inf_service *service, struct inf_error *error)
{
    char section[INF_SECTION_MAX + 1] = "";
    enum inf_status status =
        inf_field(line, 1, service->name, sizeof service->name, nullptr, error);
    if (status != INF_OK || service->name[0] == 0) {
        return status;
    }
    status = inf_field(line, 3, section, sizeof section, nullptr, error);
    if (status == INF_NO_FIELD || (status == INF_OK && section[0] == 0)) {
        return inf_fail(error, INF_NO_SECTION, line->line, "service-install-section");
    }
    return status == INF_OK ? read_install(inf, section, service, error) : status;
}

static enum inf_status services_section(const struct inf *inf, const char *install_section,
                                        char *section, size_t size, struct inf_service *service,
                                        struct inf_error *error)
{
    *service = (struct inf_service){.start_type = INF_START_DEMAND, .type = INF_KERNEL_DRIVER};
    service->file_name = service->binary;
    return inf_decorate(inf, install_section, ".Services", section, size, error);
}

enum inf_status inf_read_service(const struct inf *inf, const char *install_section,
                                 struct inf_service *service, struct inf_error *error)
{
    char section[INF_SECTION_MAX + 1] = "";
    struct inf_line line = {0};
    enum inf_status status =
        services_section(inf, install_section, section, sizeof section, service, error);
    if (status == INF_OK) {
        status = find_add_service(inf, section, &line, &service->flags, error);
    }
    return status == INF_OK ? read_entry(inf, &line, service, error) : status;
}

enum inf_status inf_read_service_named(const struct inf *inf, const char *install_section,
                                       const char *name, struct inf_service *service,
                                       struct inf_error *error)
{
    char section[INF_SECTION_MAX + 1] = "", text[INF_SERVICE_NAME_LEN];
    struct inf_line line;
    enum inf_status status =
        services_section(inf, install_section, section, sizeof section, service, error);
    struct inf_iterator it = inf_section(inf, section);
    while (status == INF_OK && (status = inf_next(&it, &line, error)) == INF_OK) {
        if (inf_field(&line, 0, text, sizeof text, nullptr, nullptr) == INF_OK &&
            inf_equal(text, "AddService") &&
            inf_field(&line, 1, text, sizeof text, nullptr, nullptr) == INF_OK &&
            inf_equal(text, name)) {
            return read_entry(inf, &line, service, error);
        }
    }
    return status == INF_END ? inf_fail(error, INF_NO_SERVICE, 0, name) : status;
}
