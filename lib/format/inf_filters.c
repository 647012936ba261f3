// SPDX-License-Identifier: MIT
//
// Filter drivers that an INF names; see inf_driver.h. Documentation: "INF AddReg Directive",
// "INF DDInstall.HW Section", "INF AddFilter Directive", "INF ClassInstall32 Section".
#include "inf_driver.h"
#include <string.h>

#define CLASS_KEY "System\\CurrentControlSet\\Control\\Class\\"

static enum inf_status add(struct inf_filters *filters, const char *service, bool upper,
                           const char *class_guid, const struct inf_line *line,
                           struct inf_error *error)
{
    if (service[0] == 0) {
        return INF_OK;
    }
    if (filters->count == INF_FILTERS_MAX) {
        return inf_fail(error, INF_TOO_MANY_FILTERS, line->line, service);
    }
    filters->item[filters->count].upper = upper;
    strcpy(filters->item[filters->count].service, service);
    strcpy(filters->item[filters->count].class_guid, class_guid);
    filters->count++;
    return INF_OK;
}

static bool starts_with(const char *text, const char *start)
{
    char head[sizeof CLASS_KEY];
    size_t length = strlen(start);
    if (strlen(text) < length) {
        return false;
    }
    memcpy(head, text, length);
    head[length] = 0;
    return inf_equal(head, start);
}

// One AddReg line: reg-root, subkey, value-entry-name, flags, value, ... Others than the two lists
// are not for us.
static enum inf_status registry_line(const struct inf_line *line, void *context,
                                     struct inf_error *error)
{
    struct inf_filters *filters = context;
    char root[8], key[INF_PATH_LEN], name[32], service[INF_SERVICE_NAME_LEN];
    const char *class_guid = "";
    if (inf_field(line, 1, root, sizeof root, nullptr, nullptr) != INF_OK ||
        inf_field(line, 2, key, sizeof key, nullptr, nullptr) != INF_OK ||
        inf_field(line, 3, name, sizeof name, nullptr, nullptr) != INF_OK) {
        return INF_OK;
    }
    bool upper = inf_equal(name, "UpperFilters");
    if (!upper && !inf_equal(name, "LowerFilters")) {
        return INF_OK;
    }
    if (inf_equal(root, "HKLM") && starts_with(key, CLASS_KEY) &&
        strlen(key) - strlen(CLASS_KEY) < INF_GUID_LEN) {
        class_guid = key + strlen(CLASS_KEY);
    } else if (!inf_equal(root, "HKR") || key[0] != 0) {
        return INF_OK;
    }
    enum inf_status status = INF_OK;
    for (unsigned i = 5; i <= line->values && status == INF_OK; i++) {
        status = inf_field(line, i, service, sizeof service, nullptr, error);
        if (status == INF_OK) {
            status = add(filters, service, upper, class_guid, line, error);
        }
    }
    return status;
}

static bool has_name(const struct inf_line *line, const char *name)
{
    char key[INF_SERVICE_NAME_LEN];
    return inf_field(line, 0, key, sizeof key, nullptr, nullptr) == INF_OK && inf_equal(key, name);
}

// AddFilter = service, flags, filter-install-section; in that one FilterPosition = Upper | Lower.
static enum inf_status add_filter(const struct inf_line *line, void *context,
                                  struct inf_error *error)
{
    struct inf_filters *filters = context;
    char service[INF_SERVICE_NAME_LEN], section[INF_SECTION_MAX + 1], position[8] = "";
    struct inf_line at;
    if (!has_name(line, "AddFilter")) {
        return INF_OK;
    }
    enum inf_status status = inf_field(line, 1, service, sizeof service, nullptr, error);
    if (status == INF_OK) {
        status = inf_field(line, 3, section, sizeof section, nullptr, error);
    }
    if (status == INF_OK) {
        status = inf_find(line->inf, section, "FilterPosition", &at, error);
    }
    if (status == INF_OK) {
        status = inf_field(&at, 1, position, sizeof position, nullptr, error);
    }
    bool upper = inf_equal(position, "Upper");
    if (status != INF_OK || (!upper && !inf_equal(position, "Lower"))) {
        return inf_fail(error, INF_BAD_FILTER_POSITION, line->line, service);
    }
    return add(filters, service, upper, "", line, error);
}

enum inf_status inf_device_filters(const struct inf *inf, const char *install_section,
                                   struct inf_filters *filters, struct inf_error *error)
{
    filters->count = 0;
    enum inf_status status =
        inf_each_registry_line(inf, install_section, ".HW", registry_line, filters, error);
    return status == INF_OK
               ? inf_each_line(inf, install_section, ".Filters", add_filter, filters, error)
               : status;
}

enum inf_status inf_class_filters(const struct inf *inf, struct inf_filters *filters,
                                  struct inf_error *error)
{
    struct inf_version version;
    filters->count = 0;
    enum inf_status status = inf_read_version(inf, &version, error);
    if (status == INF_OK) {
        status = inf_each_registry_line(inf, "ClassInstall32", "", registry_line, filters, error);
    }
    for (unsigned i = 0; i < filters->count; i++) {
        strcpy(filters->item[i].class_guid, version.class_guid);
    }
    if (status == INF_OK) {
        status = inf_each_registry_line(inf, "DefaultInstall", "", registry_line, filters, error);
    }
    return status;
}
