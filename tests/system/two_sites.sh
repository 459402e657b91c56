# SPDX-License-Identifier: Apache-2.0
# For the scenarios beside it, after site.sh, in the folder $site: two centres a and b that are partners of each other, with applications ann (at a) and
# ben (at b) who share keys, and eve and gus (at both) whose keys stay in one. How a centre gets its keys is the scenario's.

declare -A url=() other=([a]=b [b]=a)

begin() { # CENTRE
    start "qwaved-$1" qwaved --config "$site/$1/qwaved.yaml"
}
run() { # the same, and waits until it serves
    begin "$@"
    url[$1]=https://127.0.0.1:$(ready "qwaved-$1")
}
both() {
    begin a
    run b
    url[a]=https://127.0.0.1:$(ready qwaved-a)
}
at() { # CENTRE ADMIN-ARGUMENT...
    local x=$1
    shift
    "$bin/qwave" admin --operator "$site/$x/operator/operator.yaml" --url "${url[$x]}" "$@"
}
state() { at "$1" --json status | jq -r --arg name "$2" 'if has($name) then .[$name] else .keys[$name] end'; }
says() { state "$1" "$2" | grep -q -- "$3"; }
ask() { # SAE CENTRE PATH [CURL-OPTION...]: body, then the status on a line of its own
    local sae=$1 x=$2 path=$3
    shift 3
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/$x/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${url[$x]}/api/v1/keys/$path"
}
status_of() { tail -n 1 <<<"$1"; }
ids_of() { head -n 1 <<<"$1" | jq -c '{key_IDs: [.keys[] | {key_ID}]}'; }
sorted() { head -n 1 <<<"$1" | jq -cS '.keys | sort_by(.key_ID)'; }
stocked() { [ "$(state "$1" source_is_running)" = true ] && [ "$(state "$1" stored)" -ge "$2" ]; }

make_two() { # SOURCE NAME SUFFIX STOCK: its path is $site/CENTRE.SUFFIX
    local x
    for x in a b; do
        "$bin/qwave" init --port 0 --source kernel "$site/$x" >/dev/null
        mkdir $x/partners
        sed -i "s/^source: .*/source: $1/" $x/qwaved.yaml
        cat >>$x/qwaved.yaml <<YAML
source_path: $site/$x.$3
source_name: $2
stock_keys: $4
log_level: debug
etsi020: draft
etsi020_port: 0
etsi020_wait_ms: 10000
partners: $site/$x/partners
YAML
    done
    both
}

become_partners() { # they serve before and after
    local x y port
    for x in a b; do
        y=${other[$x]}
        at $x device add kme-$y --kind kme --owner "the other site" >/dev/null
        at $x certificate kme kme-$y --certificate "$site/$x-for-$y.pem" --key "$site/$x-for-$y.key" >/dev/null
        at $x device add ann --kind application --owner test --peer ben >/dev/null
        at $x device add ben --kind application --owner test --peer ann >/dev/null
        at $x device add eve --kind application --owner test --peer gus >/dev/null
        at $x device add gus --kind application --owner test --peer eve >/dev/null
        at $x certificate sae eve --certificate "$site/eve-$x.pem" --key "$site/eve-$x.key" >/dev/null
    done
    at a device home ben --kme kme-b >/dev/null
    at b device home ann --kme kme-a >/dev/null
    at a certificate sae ann --certificate "$site/ann.pem" --key "$site/ann.key" >/dev/null
    at b certificate sae ben --certificate "$site/ben.pem" --key "$site/ben.key" >/dev/null
    for x in a b; do
        y=${other[$x]}
        port=$(sed -n 's/^etsi020 //p' qwaved-$x.out)
        stop qwaved-$x
        echo "source_partner: kme-$y" >>$x/qwaved.yaml
        sed -i "s/^etsi020_port:.*/etsi020_port: $port/" $x/qwaved.yaml
        cat >$y/partners/kme-$x.yaml <<YAML
url: https://127.0.0.1:$port
certificate: $site/$x-for-$y.pem
key: $site/$x-for-$y.key
ca: $site/$x/ca/ca.pem
YAML
    done
    both
}

# Every key that anybody got is in keys.txt.
from_source() { # CENTRE NUMBER LABEL: keys of that source, for two applications of that site
    ask "eve-$1" "$1" gus/enc_keys -d "{\"number\": $2, \"extension_mandatory\": [{\"qwave_source\": \"$3\"}]}"
}
draw_from() { # the same, into the file
    local answer
    answer=$(from_source "$@")
    [ "$(status_of "$answer")" = 200 ] || return 1
    head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
}
shared() { # MASTER CENTRE SLAVE CENTRE: some more keys of both
    local answer theirs
    answer=$(ask "$1" "$2" "$3/enc_keys" -d '{"number": 4}')
    [ "$(status_of "$answer")" = 200 ] || return 1
    theirs=$(ask "$3" "$4" "$1/dec_keys" -d "$(ids_of "$answer")")
    [ "$(sorted "$theirs")" = "$(sorted "$answer")" ] || fail "the two sites have different keys: status $(status_of "$theirs")"
    head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
}
unique() { [ "$(sort -u keys.txt | wc -l)" = "$(wc -l <keys.txt)" ]; }
