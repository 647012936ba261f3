// SPDX-License-Identifier: MIT
//
// What a driver package's INF says: version, models, service. Built on inf.h.
//
// Platform decoration is "riscv64" (NTriscv64), the way amd64 and arm64 are Windows's. A section
// is chosen as documented: decorated for this architecture before .NT before undecorated; between
// version decorations the highest that is not above 10.0. Product type, suite mask and build
// number are not evaluated.
//
// Guarantees: as inf.h; every string handed out is NUL-terminated UTF-8 inside the caller's struct.
// The structs are large (up to 1.2 KiB): mind your stack.
#ifndef ASHLAR_FORMAT_INF_DRIVER_H
#define ASHLAR_FORMAT_INF_DRIVER_H

#include "inf.h"

#define INF_ARCHITECTURE     "riscv64"
#define INF_LINE_LEN         256 // documented LINE_LEN: descriptions, provider
#define INF_DEVICE_ID_LEN    200 // documented MAX_DEVICE_ID_LEN, terminator included
#define INF_CLASS_NAME_LEN   33
#define INF_GUID_LEN         39
#define INF_SERVICE_NAME_LEN 64
#define INF_PATH_LEN         128

// [Version]
struct inf_version {
    char class_name[INF_CLASS_NAME_LEN]; // "" when absent
    char class_guid[INF_GUID_LEN];       // "{...}", "" when absent
    char provider[INF_LINE_LEN];         // "" when absent
    uint16_t year;                       // DriverVer
    uint8_t month, day;
    uint16_t driver_version[4]; // w.x.y.z; zeros when only the date is given
};

// One entry of a Models section.
struct inf_model {
    char manufacturer[INF_LINE_LEN];
    char description[INF_LINE_LEN];
    char install_section[INF_SECTION_MAX + 1]; // undecorated
    char hardware_id[INF_DEVICE_ID_LEN];       // "" when the entry has compatible IDs only
    unsigned compatible_count;
    struct inf_line line; // for inf_model_compatible_id
};

enum inf_start_type {
    INF_START_BOOT = 0,
    INF_START_SYSTEM = 1,
    INF_START_AUTO = 2,
    INF_START_DEMAND = 3,
    INF_START_DISABLED = 4,
};

enum inf_service_type { INF_KERNEL_DRIVER = 1, INF_FILE_SYSTEM_DRIVER = 2 };

// The service of an install section.
struct inf_service {
    char name[INF_SERVICE_NAME_LEN]; // "" for the null driver (AddService = ,2)
    char display_name[INF_LINE_LEN]; // "" when absent
    char description[INF_LINE_LEN];  // "" when absent
    char binary[INF_PATH_LEN];       // as written, for example %12%\uart.sys or %13%\uart
    const char *file_name;           // its last component, inside `binary`
    char load_order_group[INF_SERVICE_NAME_LEN];
    uint32_t flags; // SPSVCINST_xxx
    enum inf_service_type type;
    enum inf_start_type start_type;
    uint32_t error_control; // 0 ignore .. 3 critical
};

// Walks all models of all manufacturers.
struct inf_model_iterator {
    const struct inf *inf;
    struct inf_iterator manufacturers;
    struct inf_iterator models;
    bool in_models;
    char manufacturer[INF_LINE_LEN];
    char section[2 * INF_SECTION_MAX + 2];
};

// Reads and checks [Version]. DriverVer is required, as documented since Windows 2000.
enum inf_status inf_read_version(const struct inf *inf, struct inf_version *version,
                                 struct inf_error *error);

// Begins before the first model. The iterator must not be copied while in use.
void inf_models(const struct inf *inf, struct inf_model_iterator *it);

// Gets the next model, or INF_END. INF_NO_MODELS_FOR_PLATFORM when a manufacturer names sections
// for other platforms only: the walk may be continued with the next manufacturer.
enum inf_status inf_next_model(struct inf_model_iterator *it, struct inf_model *model,
                               struct inf_error *error);

// Compatible ID number `index` (from 0, below compatible_count) of a model.
enum inf_status inf_model_compatible_id(const struct inf_model *model, unsigned index,
                                        char id[INF_DEVICE_ID_LEN], struct inf_error *error);

// A device's identification as its bus driver reports it, best first.
struct inf_device_ids {
    const char *const *hardware_ids;
    unsigned hardware_count;
    const char *const *compatible_ids;
    unsigned compatible_count;
};

#define INF_NO_MATCH UINT32_MAX

// Identifier score of a model for a device as documented ("Identifier Score"): 0x0000 hardware ID
// with hardware ID, 0x1000 the device's hardware ID with the model's compatible ID, 0x2000 and
// 0x3000 for the device's compatible IDs, plus positions; lower is better. INF_NO_MATCH if none
// fits or an ID cannot be decoded.
uint32_t inf_model_score(const struct inf_model *model, const struct inf_device_ids *ids);

// Finds the best model of the file for a device. *score gets its score, INF_NO_MATCH (and INF_OK)
// when there is none. `model` is written only when something matches. A file without a
// section for this platform gives INF_NO_MODELS_FOR_PLATFORM.
enum inf_status inf_best_model(const struct inf *inf, const struct inf_device_ids *ids,
                               struct inf_model *model, uint32_t *score, struct inf_error *error);

// Reads the service of an install section (undecorated name, as in inf_model.install_section, or
// "DefaultInstall"): the AddService entry with the SPSVCINST_ASSOCSERVICE flag, else the first one.
enum inf_status inf_read_service(const struct inf *inf, const char *install_section,
                                 struct inf_service *service, struct inf_error *error);

// As inf_read_service, for the AddService entry of that name. INF_NO_SERVICE: there is none.
enum inf_status inf_read_service_named(const struct inf *inf, const char *install_section,
                                       const char *name, struct inf_service *service,
                                       struct inf_error *error);

// Filter drivers, as services, in the order they are named: for a device, in the HW section's
// AddReg (HKR,,"UpperFilters",0x00010000,"name",...) and in the Filters section's AddFilter; for a
// class, in ClassInstall32's AddReg, or in DefaultInstall's with HKLM and the class's key.
#define INF_FILTERS_MAX 8
struct inf_filters {
    unsigned count;
    struct {
        char service[INF_SERVICE_NAME_LEN];
        char class_guid[INF_GUID_LEN]; // "" of a device
        bool upper;
    } item[INF_FILTERS_MAX];
};
enum inf_status inf_device_filters(const struct inf *inf, const char *install_section,
                                   struct inf_filters *filters, struct inf_error *error);
enum inf_status inf_class_filters(const struct inf *inf, struct inf_filters *filters,
                                  struct inf_error *error);

// A REG_DWORD value that the device's hardware key gets: in the HW section's AddReg, as
// HKR,key,name,0x00010001,value (key "" for the key itself). *value is written only when there is
// one; else INF_NO_ENTRY.
enum inf_status inf_device_value(const struct inf *inf, const char *install_section,
                                 const char *key, const char *name, uint32_t *value,
                                 struct inf_error *error);

// Control codes that the device's hardware key gets as a list of strings, decimal or 0x: in the HW
// section's AddReg, as HKR,,name,0x00010000,"code",... More lines of that name add to the list.
// INF_OK and a count of 0 when there are none; after an error those up to there.
#define INF_CODES_MAX 32
struct inf_codes {
    unsigned count;
    uint32_t code[INF_CODES_MAX];
};
enum inf_status inf_device_codes(const struct inf *inf, const char *install_section,
                                 const char *name, struct inf_codes *codes,
                                 struct inf_error *error);

// Visits each line of the section in use for that install section and suffix (none: no line), of a
// section by its name, and of the sections that its AddReg directives name. Ends with the first
// status other than INF_OK.
typedef enum inf_status (*inf_line_fn)(const struct inf_line *line, void *context,
                                       struct inf_error *error);
enum inf_status inf_each_line(const struct inf *inf, const char *install_section,
                              const char *suffix, inf_line_fn visit, void *context,
                              struct inf_error *error);
enum inf_status inf_each_line_of(const struct inf *inf, const char *section, inf_line_fn visit,
                                 void *context, struct inf_error *error);
enum inf_status inf_each_registry_line(const struct inf *inf, const char *install_section,
                                       const char *suffix, inf_line_fn visit, void *context,
                                       struct inf_error *error);

// Writes the name of the install section in use on this platform ("X.NTriscv64", "X.NT" or "X"),
// with `suffix` (such as ".Services", ".HW", or "") behind it. INF_NO_SECTION when there is none.
enum inf_status inf_decorate(const struct inf *inf, const char *install_section, const char *suffix,
                             char *name, size_t size, struct inf_error *error);

// Message-signalled interrupts, from the HW section's AddReg (HKR, "Interrupt Management\
// MessageSignaledInterruptProperties"): MSISupported is 1; MessageNumberLimit, 0 when absent. What
// the INF does not say is left as it is.
struct inf_messages {
    bool supported;
    uint32_t limit;
};
enum inf_status inf_device_messages(const struct inf *inf, const char *install_section,
                                    struct inf_messages *messages, struct inf_error *error);

#endif
