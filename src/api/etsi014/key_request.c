/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "api/etsi014/key_request.h"

#include "api/json_reader.h"
#include "api/url.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_CAP = 16, EXTENSIONS_MAX = 64 };

enum qw_etsi014_fault qw_etsi014_check_content_type(const struct qw_etsi014_text *text)
{
    static const char json[] = "application/json";
    size_t len = strcspn(text->content_type, "; ");

    if (text->body_len == 0 || len == 0 ||
        (len == sizeof json - 1 && strncasecmp(text->content_type, json, len) == 0)) {
        return QW_ETSI014_NONE; /* a client that sends nothing with the header means nothing by it
                                 */
    }
    return QW_ETSI014_CONTENT_TYPE;
}

/* A number of the query; *is_there says whether it was given. */
static enum qw_etsi014_fault query_number(const char *query, const char *name, bool *is_there,
                                          uint64_t *value, enum qw_etsi014_fault fault)
{
    char text[NUMBER_CAP];
    uint64_t number = 0;
    qw_err err = qw_url_query_find(query, name, text, sizeof text);

    *is_there = err == QW_OK;
    if (err == QW_ERR_NOT_FOUND) {
        return QW_ETSI014_NONE;
    }
    if (err != QW_OK || text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return fault;
    }
    for (const char *digit = text; *digit != '\0'; digit++) { /* at most 15 of them */
        number = number * 10 + (uint64_t)(*digit - '0');
    }
    *value = number;
    return QW_ETSI014_NONE;
}

/* number or size, wherever it stands. */
static enum qw_etsi014_fault get_number(const char *query, const struct qw_json_node *object,
                                        const char *name, enum qw_etsi014_fault fault,
                                        uint64_t *value)
{
    struct qw_json_reader r = { .failed = false };
    bool in_query = false;
    bool in_body = qw_json_find(object, name) != NULL;
    uint64_t of_query = 0;
    uint64_t of_body = 0;
    enum qw_etsi014_fault found = query_number(query, name, &in_query, &of_query, fault);

    if (found != QW_ETSI014_NONE) {
        return found;
    }
    if (in_body) {
        qw_json_get_uint(&r, object, name, 0, QW_JSON_UINT_MAX, &of_body);
    }
    if (!qw_json_ok(&r)) {
        return fault;
    }
    if (in_body && in_query && of_body != of_query) {
        return QW_ETSI014_CONFLICT;
    }
    if (in_body || in_query) {
        *value = in_body ? of_body : of_query;
    }
    return QW_ETSI014_NONE;
}

static enum qw_etsi014_fault get_sizes(const char *query, const struct qw_json_node *object,
                                       const struct qw_etsi014_limits *limits,
                                       struct qw_etsi014_key_request *request)
{
    uint64_t number = 1;
    uint64_t size = limits->bits_standard;
    enum qw_etsi014_fault fault = get_number(query, object, "number", QW_ETSI014_NUMBER, &number);

    if (fault == QW_ETSI014_NONE) {
        fault = get_number(query, object, "size", QW_ETSI014_SIZE, &size);
    }
    if (fault != QW_ETSI014_NONE) {
        return fault;
    }
    if (number < 1 || number > limits->keys_max) {
        return QW_ETSI014_NUMBER;
    }
    if (size % 8 != 0) {
        return QW_ETSI014_SIZE_NOT_BYTES;
    }
    if (size < limits->bits_min || size > limits->bits_max) {
        return QW_ETSI014_SIZE;
    }
    request->number = (uint32_t)number;
    request->size = (uint32_t)size;
    return QW_ETSI014_NONE;
}

/* An announced list names somebody: an empty one is a mistake, not a wish for nobody. */
static enum qw_etsi014_fault get_slaves(const struct qw_json_node *object,
                                        const struct qw_etsi014_limits *limits,
                                        struct qw_etsi014_key_request *request)
{
    static const char name[] = "additional_slave_SAE_IDs";
    struct qw_json_reader r = { .failed = false };
    const struct qw_json_node *array;
    size_t count = 0;

    if (qw_json_find(object, name) == NULL) {
        return QW_ETSI014_NONE;
    }
    array = qw_json_get_array(&r, object, name, 1, limits->slaves_max, &count);
    for (size_t i = 0; i < count; i++) {
        qw_json_take_text(&r, qw_json_item(array, i), request->slaves[i], 1,
                          sizeof request->slaves[i]);
    }
    for (size_t i = 0; qw_json_ok(&r) && i < count; i++) {
        if (request->slaves[i][strspn(request->slaves[i], " ")] == '\0') {
            return QW_ETSI014_SLAVES;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(request->slaves[i], request->slaves[k]) == 0) {
                return QW_ETSI014_SLAVES;
            }
        }
    }
    request->slave_count = count;
    return qw_json_ok(&r) ? QW_ETSI014_NONE : QW_ETSI014_SLAVES;
}

enum option { OPTION_UNKNOWN, OPTION_GOOD, OPTION_BAD };

/* One name and value of an extension object. */
static enum option take_option(const struct qw_json_node *object, const char *name,
                               struct qw_etsi014_options *options)
{
    struct qw_json_reader r = { .failed = false };
    char text[QW_ETSI014_NAME_CAP] = "";
    uint64_t number = 0;
    bool is_fresh = false;

    if (strcmp(name, "qwave_max_age") == 0) {
        qw_json_get_uint(&r, object, name, 0, QW_JSON_UINT_MAX, &number);
        options->max_age_ms = qw_json_ok(&r) ? (int64_t)number : options->max_age_ms;
        return qw_json_ok(&r) ? OPTION_GOOD : OPTION_BAD;
    }
    if (strcmp(name, "qwave_fresh") == 0) {
        qw_json_get_bool(&r, object, name, &is_fresh);
        options->is_fresh = qw_json_ok(&r) ? is_fresh : options->is_fresh;
        return qw_json_ok(&r) ? OPTION_GOOD : OPTION_BAD;
    }
    if (strcmp(name, "qwave_request_id") == 0) {
        uint8_t id[16];

        qw_json_get_uuid(&r, object, name, id);
        if (qw_json_ok(&r)) {
            options->has_request_id = true;
            memcpy(options->request_id, id, sizeof id);
        }
        return qw_json_ok(&r) ? OPTION_GOOD : OPTION_BAD;
    }
    if (strcmp(name, "qwave_source") != 0 && strcmp(name, "qwave_route_type") != 0) {
        return OPTION_UNKNOWN;
    }
    qw_json_get_text(&r, object, name, text, 1, sizeof text);
    if (!qw_json_ok(&r)) {
        return OPTION_BAD;
    }
    if (strcmp(name, "qwave_source") == 0) {
        memcpy(options->source, text, sizeof text);
        return OPTION_GOOD;
    }
    if (strcmp(text, "direct") != 0 && strcmp(text, "relayed") != 0) {
        return OPTION_BAD;
    }
    options->is_relayed = strcmp(text, "relayed") == 0;
    return OPTION_GOOD;
}

static void copy_printable(const char *text, char out[static QW_ETSI014_NAME_CAP])
{
    size_t len = 0;

    for (; text[len] != '\0' && len + 1 < QW_ETSI014_NAME_CAP; len++) {
        out[len] = text[len] < ' ' || text[len] > '~' ? '?' : text[len];
    }
    out[len] = '\0';
}

/* An array of objects with name/value pairs [ETSI 014 6.2]. What is optional may be wrong or
 * unknown. */
static enum qw_etsi014_fault get_options(const struct qw_json_node *object, const char *list,
                                         bool is_mandatory, struct qw_etsi014_options *options,
                                         char unsupported[static QW_ETSI014_NAME_CAP])
{
    struct qw_json_reader r = { .failed = false };
    const struct qw_json_node *array;
    enum qw_etsi014_fault fault = QW_ETSI014_NONE;
    size_t count = 0;

    if (qw_json_find(object, list) == NULL) {
        return QW_ETSI014_NONE;
    }
    array = qw_json_get_array(&r, object, list, 0, EXTENSIONS_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        const struct qw_json_node *extension = qw_json_item(array, i);
        const char *name = NULL;

        if (!qw_json_is_object(extension)) {
            return QW_ETSI014_MALFORMED;
        }
        for (size_t k = 0; qw_json_member(extension, k, &name) != NULL; k++) {
            enum option kind = take_option(extension, name, options);

            if (is_mandatory && kind == OPTION_UNKNOWN) {
                copy_printable(name, unsupported);
                return QW_ETSI014_MANDATORY_UNKNOWN; /* goes before values that cannot be met */
            }
            if (is_mandatory && kind == OPTION_BAD) {
                fault = QW_ETSI014_MANDATORY_UNMET;
            }
        }
    }
    return qw_json_ok(&r) ? fault : QW_ETSI014_MALFORMED;
}

static enum qw_etsi014_fault decode(const char *query, const struct qw_json_node *object,
                                    const struct qw_etsi014_limits *limits,
                                    struct qw_etsi014_key_request *request,
                                    char unsupported[static QW_ETSI014_NAME_CAP])
{
    static const struct qw_etsi014_options any = { .max_age_ms = -1, .is_relayed = -1 };
    struct qw_etsi014_key_request q = { .mandatory = any, .optional = any };
    enum qw_etsi014_fault fault = get_sizes(query, object, limits, &q);

    if (fault == QW_ETSI014_NONE) {
        fault = get_slaves(object, limits, &q);
    }
    if (fault == QW_ETSI014_NONE) {
        fault = get_options(object, "extension_mandatory", true, &q.mandatory, unsupported);
    }
    if (fault == QW_ETSI014_NONE) {
        fault = get_options(object, "extension_optional", false, &q.optional, unsupported);
    }
    if (fault == QW_ETSI014_NONE) {
        *request = q;
    }
    return fault;
}

enum qw_etsi014_fault qw_etsi014_key_request_decode(const struct qw_etsi014_text *text,
                                                    const struct qw_etsi014_limits *limits,
                                                    struct qw_etsi014_key_request *request,
                                                    char unsupported[static QW_ETSI014_NAME_CAP])
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    enum qw_etsi014_fault fault = qw_etsi014_check_content_type(text);
    qw_err err;

    if (fault != QW_ETSI014_NONE) {
        return fault;
    }
    if (text->body_len == 0) {
        return decode(text->query, NULL, limits, request, unsupported);
    }
    err = qw_json_open(text->body, text->body_len, &r);
    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? QW_ETSI014_UNAVAILABLE : QW_ETSI014_MALFORMED;
    }
    object = qw_json_root_object(&r);
    fault = object == NULL ? QW_ETSI014_MALFORMED
                           : decode(text->query, object, limits, request, unsupported);
    qw_json_close(&r);
    return fault;
}
