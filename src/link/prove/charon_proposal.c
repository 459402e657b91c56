/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/charon_proposal.h"

#include "base/bytes.h"
#include "base/hex.h"

#include <string.h>

/* One of the names is exactly this one. */
static bool has_name(const char *proposal, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strpbrk(proposal, ":/"); at != NULL; at = strpbrk(at + 1, "/")) {
        if (strncmp(at + 1, name, len) == 0 && (at[1 + len] == '/' || at[1 + len] == '\0')) {
            return true;
        }
    }
    return false;
}

bool qw_charon_proposal_prf(const char *proposal, enum qw_ipsec_prf *prf)
{
    static const char *const names[] = { "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384",
                                         "PRF_HMAC_SHA2_512" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (has_name(proposal, names[i])) {
            *prf = (enum qw_ipsec_prf)i;
            return true;
        }
    }
    return false;
}

/* The suite of the names, whatever it is for. */
static bool find_suite(const char *proposal, struct qw_ipsec_suite *suite)
{
    static const struct {
        const char *name;
        struct qw_ipsec_suite suite; /* of AES-CBC: the tag comes from the next table */
    } ciphers[] = {
        { "AES_GCM_16_128", { 16, QW_IPSEC_GCM } },
        { "AES_GCM_16_192", { 24, QW_IPSEC_GCM } },
        { "AES_GCM_16_256", { 32, QW_IPSEC_GCM } },
        { "CHACHA20_POLY1305", { 32, QW_IPSEC_POLY1305 } },
        { "CHACHA20_POLY1305_256", { 32, QW_IPSEC_POLY1305 } }, /* as earlier versions say it */
        { "AES_CBC_128", { 16, QW_IPSEC_HMAC_SHA256 } },
        { "AES_CBC_192", { 24, QW_IPSEC_HMAC_SHA256 } },
        { "AES_CBC_256", { 32, QW_IPSEC_HMAC_SHA256 } },
    };
    static const struct {
        const char *name;
        enum qw_ipsec_tag tag;
    } macs[] = {
        { "HMAC_SHA2_256_128", QW_IPSEC_HMAC_SHA256 },
        { "HMAC_SHA2_384_192", QW_IPSEC_HMAC_SHA384 },
        { "HMAC_SHA2_512_256", QW_IPSEC_HMAC_SHA512 },
    };
    size_t cipher = 0;
    size_t mac = 0;

    while (cipher < sizeof ciphers / sizeof ciphers[0] &&
           !has_name(proposal, ciphers[cipher].name)) {
        cipher++;
    }
    while (mac < sizeof macs / sizeof macs[0] && !has_name(proposal, macs[mac].name)) {
        mac++;
    }
    if (cipher == sizeof ciphers / sizeof ciphers[0]) {
        return false;
    }
    if (qw_ipsec_suite_is_aead(ciphers[cipher].suite)) {
        *suite = ciphers[cipher].suite;
        return true;
    }
    if (mac == sizeof macs / sizeof macs[0]) {
        return false;
    }
    *suite = (struct qw_ipsec_suite){ ciphers[cipher].suite.key_len, macs[mac].tag };
    return true;
}

bool qw_charon_proposal_ike(const char *proposal, struct qw_ipsec_suite *suite)
{
    return strncmp(proposal, "IKE:", 4) == 0 && find_suite(proposal, suite);
}

bool qw_charon_proposal_esp(const char *proposal, struct qw_ipsec_suite *suite)
{
    return strncmp(proposal, "ESP:", 4) == 0 && has_name(proposal, "NO_EXT_SEQ") &&
           find_suite(proposal, suite);
}

/* Eight hex digits and an ending. */
static bool read_spi(const char *text, const char *ending, uint32_t *spi)
{
    char digits[9] = { 0 };
    uint8_t bytes[4];
    size_t len = strcspn(text, "_");

    if (len != 8 || strncmp(text + 8, ending, strlen(ending)) != 0) {
        return false;
    }
    memcpy(digits, text, 8);
    if (qw_hex_decode(digits, bytes, sizeof bytes) != QW_OK) {
        return false;
    }
    *spi = qw_load_u32be(bytes);
    return true;
}

bool qw_charon_spis(const char *text, uint32_t *spi_in, uint32_t *spi_out)
{
    static const char before[] = " with SPIs ";
    const char *at = strstr(text, before);
    uint32_t in = 0;
    uint32_t out = 0;

    if (at == NULL || !read_spi(at + sizeof before - 1, "_i ", &in) ||
        !read_spi(at + sizeof before - 1 + 11, "_o", &out)) {
        return false;
    }
    *spi_in = in;
    *spi_out = out;
    return true;
}
