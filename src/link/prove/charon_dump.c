/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/charon_dump.h"

#include "base/secret.h"
#include "link/prove/charon_line.h"
#include "link/prove/ike_keys.h"

bool qw_charon_dump_open(struct qw_charon_dump *dump, const char *text)
{
    static const struct {
        const char *name;
        size_t max;
        enum qw_charon_dump_kind kind;
    } heads[] = {
        { "shared Diffie Hellman secret", QW_IKE_SECRET_MAX, QW_CHARON_SECRET },
        { "Sk_d secret", QW_IPSEC_PRF_LEN_MAX, QW_CHARON_SK_D },
        { "Sk_ai secret", QW_IPSEC_INTEGRITY_MAX, QW_CHARON_SK_AI },
        { "Sk_ar secret", QW_IPSEC_INTEGRITY_MAX, QW_CHARON_SK_AR },
        { "Sk_ei secret", QW_IPSEC_ENCRYPTION_MAX, QW_CHARON_SK_EI },
        { "Sk_er secret", QW_IPSEC_ENCRYPTION_MAX, QW_CHARON_SK_ER },
        { "seed", QW_IPSEC_SEED_MAX, QW_CHARON_SEED },
    };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (qw_charon_dump_begins(text, heads[i].name, heads[i].max, &dump->len)) {
            dump->kind = heads[i].kind;
            dump->got = 0;
            return true;
        }
    }
    return false;
}

bool qw_charon_dump_add(struct qw_charon_dump *dump, const char *text)
{
    size_t left = dump->len - dump->got;
    size_t count = left < QW_CHARON_ROW_BYTES ? left : QW_CHARON_ROW_BYTES;

    if (!qw_charon_dump_row(text, dump->got, count, dump->bytes + dump->got)) {
        qw_charon_dump_close(dump);
        return false;
    }
    dump->got += count;
    return dump->got == dump->len;
}

void qw_charon_dump_close(struct qw_charon_dump *dump)
{
    dump->kind = QW_CHARON_NONE;
    qw_wipe(dump->bytes, sizeof dump->bytes);
}
