// SPDX-License-Identifier: MIT
//
// INF files: errors, with one sentence for each rule, and comparisons without regard to case.
#include "inf_internal.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool inf_span_equal(struct inf_span a, struct inf_span b)
{
    if (a.length != b.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.text[i]) != lower(b.text[i])) {
            return false;
        }
    }
    return true;
}

static struct inf_span span_of(const char *text)
{
    return (struct inf_span){text, strlen(text)};
}

bool inf_equal(const char *a, const char *b)
{
    return inf_span_equal(span_of(a), span_of(b));
}

enum inf_status inf_fail_span(struct inf_error *error, enum inf_status status, unsigned line,
                              const char *detail, size_t length)
{
    if (error != nullptr) {
        size_t used = length < INF_DETAIL_SIZE ? length : INF_DETAIL_SIZE - 1;
        error->status = status;
        error->line = line;
        memcpy(error->detail, detail, used);
        error->detail[used] = 0;
    }
    return status;
}

enum inf_status inf_fail(struct inf_error *error, enum inf_status status, unsigned line,
                         const char *detail)
{
    return inf_fail_span(error, status, line, detail, strlen(detail));
}

const char *inf_status_text(enum inf_status status)
{
    static const char *const texts[] = {
        [INF_OK] = "no error",
        [INF_END] = "no further entry",
        [INF_NO_FIELD] = "the entry lacks this field",
        [INF_TOO_LARGE] = "the file is larger than 1 MiB",
        [INF_SCRATCH_TOO_SMALL] = "no room to convert the UTF-16 file",
        [INF_BAD_UTF8] = "not valid UTF-8 (and no UTF-16 byte order mark)",
        [INF_BAD_UTF16] = "not valid UTF-16",
        [INF_CONTROL_CHARACTER] = "control character other than tab, CR and LF",
        [INF_ENTRY_OUTSIDE_SECTION] = "entry before the first section",
        [INF_UNTERMINATED_SECTION] = "section name without ']'",
        [INF_BAD_SECTION_NAME] = "section name is empty or longer than 255 characters",
        [INF_TEXT_BEHIND_SECTION] = "text behind the section name",
        [INF_UNTERMINATED_QUOTE] = "quoted string does not end on its line",
        [INF_UNTERMINATED_TOKEN] = "single % (a per cent sign is written %%)",
        [INF_CONTINUATION_AT_END] = "the last line ends with a continuation",
        [INF_UNDEFINED_STRING] = "string is not defined in the Strings section",
        [INF_FIELD_TOO_LONG] = "field is too long",
        [INF_NOT_A_NUMBER] = "not a decimal or 0x number of at most 32 bits",
        [INF_NO_SECTION] = "required section is missing",
        [INF_NO_ENTRY] = "required entry is missing",
        [INF_BAD_SIGNATURE] = "Signature is neither \"$Windows NT$\" nor \"$Chicago$\"",
        [INF_BAD_GUID] = "ClassGuid is not of the form {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}",
        [INF_BAD_DRIVER_VERSION] =
            "DriverVer is not mm/dd/yyyy[,w.x.y.z] with each number in range",
        [INF_NO_MODELS_FOR_PLATFORM] = "no Models section for this platform",
        [INF_NO_HARDWARE_ID] = "model without hardware ID and compatible ID",
        [INF_NO_SERVICE] = "no AddService entry for this install section",
        [INF_BAD_START_TYPE] = "StartType is not 0 .. 4",
        [INF_BAD_SERVICE_TYPE] = "ServiceType is neither 1 (driver) nor 2 (file system driver)",
        [INF_BAD_ERROR_CONTROL] = "ErrorControl is not 0 .. 3",
        [INF_BAD_SERVICE_BINARY] = "ServiceBinary is not of the form %dirid%\\[directory\\]file",
        [INF_BAD_FILTER_POSITION] = "AddFilter needs a section with FilterPosition Upper or Lower",
        [INF_TOO_MANY_FILTERS] = "more filter drivers than a device may have",
        [INF_TOO_MANY_CODES] = "more than 32 control codes",
    };
    unsigned index = (unsigned)status;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown INF status";
}
