package python

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// clients are libraries that speak to somebody else's server: requests, databases,
// queues, buckets, chats, mail. No list of their functions would ever be whole, so
// what such a function does is told by the form of its name; the table of apis says
// it where the form would say something else. A row is a module or a part of one.
var clients = wordSet(`requests httpx aiohttp urllib3 niquests treq asks hyper grequests curl_cffi tls_client primp requests_html requests_futures cloudscraper
	noble_tls rnet hrequests aiosonic faster_than_requests websocket websockets wsproto socketio engineio aiowebsocket picows signalr
	boto3 aioboto3 botocore aiobotocore minio b2sdk oss2 qcloud_cos obs storages dropbox boxsdk onedrivesdk mega pcloud
	google.cloud googleapiclient gspread pygsheets ezsheets pydrive pydrive2 firebase firebase_admin pyrebase gcloud azure supabase appwrite
	notion_client pyairtable airtable trello jira github github3 gitlab gitea ghapi pastebin pbwrap gistyc huggingface_hub
	telegram telebot telepot aiogram telethon pyrogram hydrogram discord nextcord disnake hikari interactions discord_webhook dhooks
	slack_sdk slack slacker slack_bolt slackclient nio matrix_client pymsteams zulip mattermostdriver tweepy praw mastodon atproto twilio vonage
	vk_api pushbullet pushover pushover_complete notifiers apprise knockknock pushsafer
	paho aiomqtt gmqtt hbmqtt asyncio_mqtt pika aio_pika aiormq kafka aiokafka confluent_kafka nats stomp pulsar zmq pynng
	redis aioredis pymongo motor psycopg2 psycopg asyncpg pg8000 pymysql MySQLdb mysql aiomysql pymssql oracledb cassandra elasticsearch opensearchpy
	influxdb influxdb_client clickhouse_driver clickhouse_connect couchdb neo4j libsql_client
	paramiko asyncssh pysftp scp fabric aioftp ftputil webdav3 webdavclient3 smbclient impacket
	aiosmtplib yagmail redmail envelopes sendgrid mailjet_rest mailgun postmarker resend brevo_python emails
	sentry_sdk posthog mixpanel segment amplitude analytics statsd graypy logging_loki pygelf rollbar bugsnag honeybadger
	ldap3 irc slixmpp sleekxmpp stem ipfshttpclient pinatapy web3storage`)

// sending and telling are the beginnings of names by which a client gives data away,
// and names that say so as a whole.
var (
	sendingStarts = []string{"send", "post", "put", "publish", "upload", "insert", "reply", "produce", "emit", "append_row", "write_point", "create_gist",
		"create_issue", "create_comment", "create_file", "create_document", "create_secret", "create_text", "capture_", "chat_", "share", "tweet", "sendMessage"}
	sendingNames = wordSet(`patch request_upload fput_object storbinary execute executemany execute_values copy_expert set hset mset setex lpush rpush xadd sadd
		upsert update_one replace_one bulk_write index bulk push trigger message append update_cell update_cells update_acell update_value batch_update patch_file
		privmsg query_write files_upload files_upload_v2 files_upload_session_start notify add_json add_bytes add_str pin_json_to_ipfs basic_publish emit_async files_alpha_upload
		ingest write_api log_event alias_event edit_file create_or_update_file track identify`)
	// What a client of a chat, a sheet, a bucket, a mailbox or a queue gives is text that
	// somebody else wrote.
	fetchingNames = wordSet(`get_object get_gist get_issue get_contents get_file_contents acell get_all_values get_all_records get_values cell
		download_as_string download_as_text download_as_bytes download_blob readall get_updates get_messages iter_messages fetch_message history receive_messages
		files_download get_paste retrieve_message conversations_history basic_get hf_hub_download snapshot_download find_one get_file`)
	// Decorators and methods that hand what arrives to a function.
	hearingNames = wordSet(`message_handler callback_query_handler on_message subscribe listen basic_consume event command on_event message middleware handler add_listener`)
	// readers of those are clients, and no servers of requests.
	hearing = wordSet(`telebot telegram aiogram telethon pyrogram discord nextcord disnake slack_bolt socketio paho aiomqtt pika aio_pika nats irc`)
)

// injecting are functions of any native library by which one process writes into
// another, or starts something there.
var injecting = wordSet(`WriteProcessMemory CreateRemoteThread CreateRemoteThreadEx VirtualAllocEx VirtualProtectEx QueueUserAPC NtQueueApcThread SetThreadContext
	NtCreateThreadEx NtWriteVirtualMemory NtAllocateVirtualMemory NtMapViewOfSection NtUnmapViewOfSection RtlCreateUserThread ZwUnmapViewOfSection NtCreateSection
	ptrace process_vm_writev mach_vm_write task_for_pid thread_create_running`)

// clientOf gives the client library that a full name belongs to, and the rest of it.
func clientOf(full string) (root string, ok bool) {
	root, rest, dotted := strings.Cut(full, ".")
	if !dotted {
		return "", false
	}
	if clients()[root] {
		return root, true
	}
	second, _, _ := strings.Cut(rest, ".")
	two := root + "." + second
	return two, clients()[two]
}

// specOf says what is known of a name: by the table, or by the form of its name.
func specOf(full string) (spec, bool) {
	if s, ok := table()[full]; ok {
		return s, true
	}
	last := full[strings.LastIndexByte(full, '.')+1:]
	if strings.HasPrefix(full, "ctypes.") {
		switch {
		case injecting()[last]:
			return spec{code.Inject, taking}, true
		case last == "memfd_create":
			return spec{code.WriteExec, taking}, true
		}
	}
	root, ok := clientOf(full)
	if !ok {
		return spec{}, false
	}
	if strings.IndexByte(full, '.') == len(full)-len(last)-1 && len(last) > 0 && last[0] >= 'A' && last[0] <= 'Z' {
		return spec{}, false // a class
	}
	switch {
	case fetchingNames()[last]:
		return spec{code.Fetch, plain}, true
	case hearing()[root] && hearingNames()[last]:
		return spec{code.Fetch, listens}, true
	case sendingNames()[last]:
		return spec{code.Send, sends}, true
	}
	for _, start := range sendingStarts {
		if strings.HasPrefix(last, start) {
			return spec{code.Send, sends}, true
		}
	}
	return spec{}, false
}

// keyLibraries make and use the keys of wallets. Who replaces one of their functions
// from outside gets to see every key, and every payment.
var keyLibraries = wordSet(`eth_account eth_keys eth_keyfile web3 solders solana solathon anchorpy bitcoinlib bitcoin bit btclib bip32 bip32utils bip_utils bip39 mnemonic
	hdwallet pywallet two1 pycoin ecdsa coincurve nacl base58 tronpy tronapi xrpl stellar_sdk substrateinterface pytezos pycardano near_api py_near
	cosmpy terra_sdk algosdk monero ccxt pysui aptos_sdk tonsdk pytoniq starknet_py electrum`)

// ofKeys says whether a name is of a library that makes and uses keys.
func ofKeys(full string) bool {
	root, _, _ := strings.Cut(full, ".")
	return keyLibraries()[root]
}

// caught is what a handler of exceptions gets. The exceptions of a client hold what
// its server answered.
func (a *analysis) caught(kind, raised *value) *value {
	if kind.kind == list && len(kind.items) > 0 {
		kind = kind.items[0]
	}
	if kind.kind != name {
		return raised
	}
	if _, ok := clientOf(kind.ref.name); !ok && !strings.HasPrefix(kind.ref.name, "urllib.error.") {
		return raised
	}
	from, m := raised.reaches()
	return a.make(value{kind: inst, ref: kind.ref, from: from | fromFetch, marks: m})
}

// told gives the sources of a value that a client or a picture gave, whatever of it
// is taken.
func told(v *value) sources {
	if v.kind != inst || v.ref == nil {
		return 0
	}
	if strings.HasPrefix(v.ref.name, "PIL.Image.open.") {
		return bit(code.Pixels)
	}
	if _, ok := clientOf(v.ref.name); ok && strings.Count(v.ref.name, ".") > 1 {
		return fromFetch
	}
	return 0
}

// keyMarks says of a function that it deals with the keys of a wallet.
func keyMarks(full string) marks {
	if ofKeys(full) {
		return walletMark()
	}
	return 0
}
