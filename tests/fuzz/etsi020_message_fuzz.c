/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Messages between centres, each through all three decoders; what is taken is written and read
 * again the same. */
#include "api/etsi020/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_CAP = 1 << 18 };

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_keys(const uint8_t *data, size_t size, char *text)
{
    static struct qw_etsi020_ext_keys first, second;
    struct qw_json_writer w = qw_json_writer_on(text, TEXT_CAP);

    if (qw_etsi020_ext_keys_decode(data, size, &first) != QW_OK) {
        return;
    }
    expect(first.ids.count >= 1 && first.ids.count <= QW_ETSI020_KEYS_MAX);
    for (size_t i = 0; i < first.ids.count; i++) {
        expect(first.values[i].bits >= QW_ETSI020_KEY_BITS_MIN &&
               first.values[i].bits <= QW_ETSI020_KEY_BITS_MAX && first.values[i].bits % 8 == 0);
    }
    qw_etsi020_ext_keys_write(&w, &first);
    expect(qw_json_done(&w));
    expect(qw_etsi020_ext_keys_decode(text, w.len, &second) == QW_OK);
    if (first.source[0] != '\0') { /* claims go together with the source's name */
        expect(memcmp(&first, &second, sizeof first) == 0);
    }
}

static void check_void(const uint8_t *data, size_t size, char *text)
{
    struct qw_etsi020_void first, second;
    struct qw_json_writer w = qw_json_writer_on(text, TEXT_CAP);

    if (qw_etsi020_void_decode(data, size, &first) == QW_OK) {
        qw_etsi020_void_write(&w, &first);
        expect(qw_json_done(&w));
        expect(qw_etsi020_void_decode(text, w.len, &second) == QW_OK);
        expect(memcmp(&first, &second, sizeof first) == 0);
    }
}

static void check_acks(const uint8_t *data, size_t size, char *text)
{
    static struct qw_etsi020_ack first[QW_ETSI020_ACKS_MAX], second[QW_ETSI020_ACKS_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, TEXT_CAP);
    size_t count = 0;
    size_t again = 0;

    if (qw_etsi020_acks_decode(data, size, first, &count) == QW_OK) {
        expect(count >= 1 && count <= QW_ETSI020_ACKS_MAX);
        qw_etsi020_acks_write(&w, first, count);
        if (qw_json_done(&w)) { /* the input may be shorter than what it says */
            expect(qw_etsi020_acks_decode(text, w.len, second, &again) == QW_OK);
            expect(again == count && memcmp(first, second, count * sizeof first[0]) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_CAP];

    check_keys(data, size, text);
    check_void(data, size, text);
    check_acks(data, size, text);
    return 0;
}
