/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin certificate: of devices, people and the centre itself [C4]. */
#include "admin/admin.h"

#include "api/certificate.h"

#include <stdio.h>
#include <string.h>

enum { HOSTS_TEXT_CAP = QW_CERTIFICATE_HOSTS_MAX * 256 };

static qw_err tell(qw_err err, const struct admin_arguments *arguments)
{
    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"certificate\":\"%s\",\"key\":\"%s\"}\n"
                                  : "certificate %s, private key %s\n",
               arguments->certificate, arguments->key);
    }
    return err;
}

/* Cuts text at its commas. QW_ERR_ARG: too many. */
static qw_err split_hosts(char *text, const char *hosts[static QW_CERTIFICATE_HOSTS_MAX],
                          size_t *count)
{
    while (text != NULL && text[0] != '\0') {
        char *comma = strchr(text, ',');

        if (*count == QW_CERTIFICATE_HOSTS_MAX) {
            return QW_ERR_ARG;
        }
        hosts[(*count)++] = text;
        if (comma != NULL) {
            *comma++ = '\0';
        }
        text = comma;
    }
    return QW_OK;
}

static qw_err run_get(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char uri[QW_CERTIFICATE_URI_CAP];
    char host_text[HOSTS_TEXT_CAP] = "";
    const char *hosts[QW_CERTIFICATE_HOSTS_MAX];
    struct operator_certificate wanted = { .name = uri,
                                           .profile = arguments->profile,
                                           .hosts = hosts,
                                           .certificate_path = arguments->certificate,
                                           .key_path = arguments->key };

    if ((size_t)snprintf(uri, sizeof uri, "urn:qwave:%s:%s", arguments->word[1],
                         arguments->word[2]) >= sizeof uri ||
        (size_t)snprintf(host_text, sizeof host_text, "%s", arguments->hosts) >= sizeof host_text ||
        split_hosts(host_text, hosts, &wanted.host_count) != QW_OK) {
        return QW_ERR_ARG;
    }
    return tell(operator_certificate_get(desk, &wanted), arguments);
}

static qw_err run_renew(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char host_text[HOSTS_TEXT_CAP] = "";
    const char *hosts[QW_CERTIFICATE_HOSTS_MAX];
    struct operator_certificate renewed = { .hosts = hosts,
                                            .certificate_path = arguments->certificate,
                                            .key_path = arguments->key };

    if ((size_t)snprintf(host_text, sizeof host_text, "%s", arguments->hosts) >= sizeof host_text ||
        split_hosts(host_text, hosts, &renewed.host_count) != QW_OK) {
        return QW_ERR_ARG;
    }
    return tell(operator_certificate_renew(desk, arguments->word[2], &renewed), arguments);
}

static qw_err run_sign(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    qw_err err = operator_certificate_sign(desk, arguments->word[2], arguments->certificate);

    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"certificate\":\"%s\"}\n" : "certificate %s\n",
               arguments->certificate);
    }
    return err;
}

static qw_err run_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return admin_show_list(desk, "certificates", "", arguments);
}

static qw_err run_show(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_certificate_show(desk, arguments->word[2], &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_revoke(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    qw_err err = operator_revoke(desk, arguments->word[2]);

    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"revoked\":\"%s\"}\n" : "%s is revoked\n",
               arguments->word[2]);
    }
    return err;
}

#define FILES "--certificate FILE --key FILE"

const struct admin_action admin_certificate_actions[ADMIN_CERTIFICATE_ACTIONS] = {
    { "certificate", "ap", 3, "ID " FILES " [--profile NAME]",
      "client certificate of an access point", run_get },
    { "certificate", "sae", 3, "ID " FILES " [--profile NAME]", "of an application", run_get },
    { "certificate", "kme", 3, "ID " FILES " [--profile NAME]", "of a partner's centre", run_get },
    { "certificate", "node", 3, "ID " FILES " [--profile NAME]",
      "of who reports of a QKD network's nodes", run_get },
    { "certificate", "terminal", 3, "ID " FILES " [--profile NAME]", "of a terminal", run_get },
    { "certificate", "operator", 3, "ID " FILES " [--profile NAME]",
      "of another officer; officer add says what he may do", run_get },
    { "certificate", "officer", 3, "ID " FILES " [--profile NAME]", "the same", run_get },
    { "certificate", "centre", 3, "ID " FILES " --host HOST,...", "of the centre itself", run_get },
    { "certificate", "sign", 3, "REQUEST --certificate FILE",
      "for a request that was made elsewhere", run_sign },
    { "certificate", "renew", 3, "FILE " FILES, "for its holder; the old one stays in force",
      run_renew },
    { "certificate", "list", 2, "", "those in one's own part of the tree", run_list },
    { "certificate", "show", 3, "FILE|SERIAL", "one of them", run_show },
    { "certificate", "revoke", 3, "FILE|SERIAL", "takes it back; its open connections end",
      run_revoke },
};
