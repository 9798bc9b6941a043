package javascript

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// wordSet gives the set of the words of a text, made when it is first asked for.
func wordSet(s string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for w := range strings.FieldsSeq(s) {
			out[w] = true
		}
		return out
	})
}

// clients are modules that speak to somebody else's server: requests, databases,
// queues, buckets, chats, mail. No list of their functions would ever be whole, so
// what such a function does is told by the form of its name; the table of specs says
// it where the form would say something else. A module is written as rootOf gives it,
// up to its first point.
var clients = wordSet(`wretch phin bent centra r2 popsicle ofetch redaxios gaxios teeny-request miniget undici typed-rest-client @actions/http-client hyperquest unirest
	mqtt async-mqtt aedes amqplib amqp-connection-manager amqp nats kafkajs kafka-node node-rdkafka @confluentinc/kafka-javascript stompit @stomp/stompjs zeromq nanomsg bullmq
	redis ioredis mongodb mongoose pg postgres mysql mysql2 mariadb mssql oracledb cassandra-driver @elastic/elasticsearch @opensearch-project/opensearch influx @influxdata/influxdb-client
	@clickhouse/client nano couchdb-nano neo4j-driver @libsql/client @planetscale/database @neondatabase/serverless @vercel/kv @vercel/blob @upstash/redis pouchdb
	@aws-sdk/client-s3 @aws-sdk/client-sqs @aws-sdk/client-sns @aws-sdk/client-ses @aws-sdk/client-dynamodb @aws-sdk/client-secrets-manager @aws-sdk/lib-storage @aws-sdk/client-lambda aws-sdk
	@azure/storage-blob @azure/storage-queue @azure/data-tables @azure/event-hubs @google-cloud/storage @google-cloud/pubsub @google-cloud/firestore @google-cloud/logging googleapis
	google-spreadsheet firebase firebase-admin @firebase/database @firebase/firestore @firebase/storage @supabase/supabase-js @supabase/storage-js appwrite minio dropbox box-node-sdk ali-oss cos-nodejs-sdk-v5 backblaze-b2 megajs
	@octokit/rest @octokit/core @octokit/request @octokit/action @octokit/app @octokit/graphql octokit @actions/github @gitbeaker/node @gitbeaker/rest gitlab github-api gists
	@notionhq/client airtable node-trello jira-client @linear/sdk pastebin-js pastebin-api pinata @pinata/sdk ipfs-http-client nft web3
	discord discord-webhook-node discord-webhooks webhook-discord dhooks telegraf grammy node-telegram-bot-api telegram gramjs airgram @slack/web-api @slack/webhook @slack/bolt
	@slack/rtm-api slack-notify slack-node matrix-js-sdk matrix-bot-sdk whatsapp-web @whiskeysockets/baileys node-xmpp-client @xmpp/client irc irc-framework tmi twitter-api-v2 twit snoowrap mastodon-api
	pushbullet pushover-notifications node-pushover ntfy zulip-js twilio vonage @vonage/server-sdk
	nodemailer emailjs @emailjs/browser emailjs-com @sendgrid/mail mailgun mailgun-js postmark resend node-mailjet sib-api-v3-sdk @getbrevo/brevo sendmail
	ssh2 ssh2-sftp-client node-ssh node-scp scp2 ftp basic-ftp jsftp promise-ftp webdav smb2 @marsaud/smb2 rsyncwrapper
	@sentry/node @sentry/browser posthog-node posthog-js mixpanel analytics-node @segment/analytics-node @amplitude/node amplitude-js node-statsd hot-shots winston-loki logzio-nodejs rollbar bugsnag
	socket faye cometd pusher pusher-js ably @ably/laravel-echo centrifuge sockjs-client engine primus signalr @microsoft/signalr peerjs simple-peer gun hyperswarm @grpc/grpc-js soap xmlrpc jayson`)

var (
	sendingStarts = []string{"send", "post", "put", "publish", "upload", "insert", "reply", "produce", "emit", "append", "write", "createGist", "createIssue",
		"createComment", "createOrUpdate", "createCommit", "createBlob", "createFile", "captureMessage", "captureException", "captureEvent", "addRow", "pin"}
	sendingNames = wordSet(`patch upsert set setEx hSet hset lPush lpush rPush rpush xAdd xadd sAdd sadd mSet mset zAdd bulkWrite bulkDocs bulk index updateOne replaceOne findOneAndUpdate update
		add push execute query exec end trigger notify say message msg privmsg create fPutObject capture track identify save res json form body attach field uploadFrom uploadFromDir fastPut`)
	fetchingNames = wordSet(`getObject getContents getContent getGist findOne lRange blPop getMessages fetchMessage downloadToBuffer download getUpdates getRows fetchOne consume`)
)

// byForm says what a function of a client is, by the form of its name.
func byForm(path string) (spec, bool) {
	root := rootOf(path)
	if !clients()[root] {
		if root, _, _ = strings.Cut(root, "/"); !clients()[root] {
			return spec{}, false
		}
	}
	i := strings.LastIndexAny(path, ".)")
	if i < 0 || path[i] == ')' {
		return spec{}, false
	}
	switch last := path[i+1:]; {
	case last == "request" || last == "graphql":
		return spec{code.Send, doRoute, fromFetch}, true
	case fetchingNames()[last]:
		return spec{code.Fetch, doPlain, fromFetch}, true
	case sendingNames()[last]:
		return spec{code.Send, doSend, 0}, true
	default:
		for _, start := range sendingStarts {
			if strings.HasPrefix(last, start) {
				return spec{code.Send, doSend, 0}, true
			}
		}
	}
	return spec{}, false
}

// route follows a request whose first argument says how and where: "POST /gists".
func (c *sink) route() *value {
	s, _ := c.arg(0).str()
	verb, _, _ := strings.Cut(s, " ")
	switch strings.ToUpper(verb) {
	case "POST", "PUT", "PATCH", "MUTATION":
		out := c.send()
		out.from |= fromFetch
		return out
	}
	c.emit(code.Fetch, c.args[:min(1, len(c.args))], 0)
	return c.result(fromFetch)
}

// keyLibraries make and use the keys of wallets: who replaces one of their functions
// from outside gets to see every key, and every payment. Written as rootOf gives them.
var keyLibraries = wordSet(`ethers web3 web3-eth-accounts @ethersproject/wallet @ethersproject/signing-key ethereumjs-wallet ethereumjs-util @ethereumjs/wallet viem viem/accounts
	@solana/web3 @solana/kit tweetnacl bs58 bip39 bip32 hdkey ethereum-hdwallet @scure/bip39 @scure/bip32 @noble/secp256k1 @noble/curves/secp256k1 @noble/ed25519 secp256k1 elliptic bitcoinjs-lib bitcore-lib
	ecpair tronweb xrpl ripple-keypairs stellar-sdk @stellar/stellar-sdk @polkadot/keyring @polkadot/util-crypto near-api-js @mysten/sui @cosmjs/proto-signing
	@cosmjs/amino @ton/crypto tonweb aptos @aptos-labs/ts-sdk algosdk monero-javascript @project-serum/anchor @coral-xyz/anchor eth-lib eth-crypto keythereum wif ccxt`)

// pageWallets are what wallets put into a page.
var pageWallets = wordSet(`ethereum solana phantom tronWeb tronLink web3 BinanceChain okxwallet keplr unisat aptos martian suiWallet cardano xfi trustwallet coinbaseWalletExtension`)

// ofKeys says whether a path is of a library that makes and uses keys, or of what a
// wallet puts into a page.
func ofKeys(path string) bool {
	root := rootOf(path)
	return keyLibraries()[root] && len(path) > len(root) || pageWallets()[root]
}

// injecting are functions of any native library by which one process writes into
// another, or starts something there.
var injecting = wordSet(`WriteProcessMemory CreateRemoteThread CreateRemoteThreadEx VirtualAllocEx VirtualProtectEx QueueUserAPC NtQueueApcThread SetThreadContext
	NtCreateThreadEx NtWriteVirtualMemory NtAllocateVirtualMemory NtMapViewOfSection NtUnmapViewOfSection RtlCreateUserThread RtlMoveMemory
	ptrace process_vm_writev mach_vm_write task_for_pid thread_create_running`)

// library follows the opening of a native library: which functions it is opened for.
func (c *sink) library() *value {
	out := c.plain()
	for _, v := range c.args {
		switch v.kind {
		case vObject:
			for _, k := range slices.Sorted(maps.Keys(v.fields)) {
				c.injects(k)
			}
		case vString: // a prototype: koffi's "int ptrace(int, int)"
			head, _, _ := strings.Cut(v.s, "(")
			if words := strings.Fields(head); len(words) > 0 {
				c.injects(strings.TrimLeft(words[len(words)-1], "*"))
			}
		}
	}
	return out
}

func (c *sink) injects(function string) {
	if injecting()[function] {
		f := c.fact
		f.Kind, f.Name, f.Args = code.Inject, c.fact.Name+"."+function, nil
		c.a.emit(f, c.pos, 0, flow.Set(0))
	}
}

// keyMarks says of a function that it deals with the keys of a wallet.
func (a *analysis) keyMarks(path string) uint64 {
	if ofKeys(path) {
		return a.markBit("wallet")
	}
	return 0
}
