package class

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// callee is what is known of a method: the kind of its fact, "" for none, and what
// the machine does with its values.
type callee struct {
	name string // in full; a constructor is its class
	kind code.Kind
	does string
}

// acts says whether a class that calls it has to be followed.
func (c callee) acts() bool {
	switch c.kind {
	case "", code.ReadFile, code.WriteFile, code.Decode, code.ReadOwn, code.Env, code.SysInfo, code.Delete, code.ListDir:
		return c.does == "invoke" || c.does == "send"
	}
	return true
}

// calleeOf finds a method by its class, or by its name alone where any class that has
// such a method does that.
func calleeOf(owner, name, desc string) (callee, bool) {
	full := owner + "." + name
	if name == "<init>" {
		full = owner
	}
	c, ok := table()[full]
	if !ok {
		if c, ok = table()["*."+name]; !ok || !strings.Contains(desc, c.does) && c.kind == code.Eval {
			return callee{}, false
		}
	}
	c.name = full
	if full == "java.lang.System.getenv" && strings.HasPrefix(desc, "()L") {
		c.kind = code.EnvAll
	}
	return c, true
}

var table = sync.OnceValue(func() map[string]callee {
	all := map[string]callee{}
	for line := range strings.Lines(names) {
		head, list, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		k, does, _ := strings.Cut(head, " ")
		if k == "value" {
			k = ""
		}
		for n := range strings.FieldsSeq(list) {
			if strings.HasPrefix(n, "J.") {
				n = "java." + n[2:]
			}
			all[n] = callee{kind: code.Kind(k), does: does}
		}
	}
	return all
})

// names: "kind what-is-done: methods"; J. stands for java. A name with a star is that
// of any class, where the descriptor has what is said.
const names = `
exec: J.lang.Runtime.exec org.codehaus.groovy.runtime.ProcessGroovyMethods.execute org.apache.commons.exec.DefaultExecutor.execute org.apache.commons.exec.Executor.execute com.pty4j.PtyProcess.exec com.pty4j.PtyProcessBuilder.start org.zeroturnaround.exec.ProcessExecutor.execute org.zeroturnaround.exec.ProcessExecutor.start
exec start: J.lang.ProcessBuilder.start J.lang.ProcessBuilder.startPipeline
value command: J.lang.ProcessBuilder J.lang.ProcessBuilder.command org.apache.commons.exec.CommandLine.parse org.apache.commons.exec.CommandLine org.zeroturnaround.exec.ProcessExecutor org.zeroturnaround.exec.ProcessExecutor.command com.pty4j.PtyProcessBuilder
eval [B: *.defineClass *.defineHiddenClass *.defineAnonymousClass *.defineClass0 *.defineClass1
eval code: javax.script.ScriptEngine.eval groovy.lang.GroovyShell.evaluate groovy.lang.GroovyShell.parse groovy.util.Eval.me groovy.lang.GroovyClassLoader.parseClass org.mozilla.javascript.Context.evaluateString org.python.util.PythonInterpreter.exec bsh.Interpreter.eval org.mvel2.MVEL.eval org.mvel2.MVEL.executeExpression ognl.Ognl.getValue J.beans.XMLDecoder.readObject jdk.jshell.JShell.eval org.graalvm.polyglot.Context.eval org.codehaus.janino.SimpleCompiler.cook org.codehaus.janino.ScriptEvaluator.cook org.jruby.embed.ScriptingContainer.runScriptlet org.luaj.vm2.Globals.load clojure.lang.Compiler.load
eval loader: J.net.URLClassLoader J.net.URLClassLoader.newInstance J.net.URLClassLoader.addURL J.rmi.server.RMIClassLoader.loadClass
fetch open: J.net.URL.openStream J.net.URL.getContent J.net.URLConnection.getInputStream J.net.HttpURLConnection.getInputStream javax.net.ssl.HttpsURLConnection.getInputStream J.net.URLConnection.getContent J.net.HttpURLConnection.getContent J.net.HttpURLConnection.getResponseCode javax.net.ssl.HttpsURLConnection.getResponseCode J.net.HttpURLConnection.getResponseMessage
value connect: J.net.URL.openConnection J.net.URL.toURI J.net.URI.toURL
value connection: J.net.HttpURLConnection.setRequestMethod
value give: J.net.URLConnection.setRequestProperty J.net.URLConnection.addRequestProperty J.net.HttpURLConnection.setRequestProperty J.net.HttpURLConnection.addRequestProperty javax.net.ssl.HttpsURLConnection.setRequestProperty javax.net.ssl.HttpsURLConnection.addRequestProperty
value sink: J.net.URLConnection.getOutputStream J.net.HttpURLConnection.getOutputStream javax.net.ssl.HttpsURLConnection.getOutputStream J.net.Socket.getOutputStream javax.net.ssl.SSLSocket.getOutputStream J.net.DatagramPacket J.lang.Process.getOutputStream
value write: J.io.OutputStream.write J.io.DataOutputStream.writeBytes J.io.DataOutputStream.writeUTF J.io.DataOutputStream.write J.io.OutputStreamWriter.write J.io.Writer.write J.io.Writer.append J.io.PrintWriter.println J.io.PrintWriter.print J.io.PrintWriter.write J.io.PrintStream.println J.io.PrintStream.print J.io.PrintStream.write J.io.BufferedWriter.write J.io.BufferedOutputStream.write J.io.FileOutputStream.write J.io.FileWriter.write J.nio.channels.WritableByteChannel.write J.nio.channels.SocketChannel.write J.nio.channels.FileChannel.write J.nio.channels.FileChannel.transferFrom J.io.InputStream.transferTo
send request: J.net.http.HttpClient.send J.net.http.HttpClient.sendAsync okhttp3.OkHttpClient.newCall org.apache.http.client.HttpClient.execute org.apache.http.impl.client.CloseableHttpClient.execute org.apache.hc.client5.http.impl.classic.CloseableHttpClient.execute org.apache.hc.client5.http.classic.HttpClient.execute org.jsoup.Connection.post org.jsoup.Connection.get org.jsoup.Connection.execute kong.unirest.HttpRequestWithBody.asString
send posts: org.springframework.web.client.RestTemplate.postForObject org.springframework.web.client.RestTemplate.postForEntity org.springframework.web.client.RestTemplate.exchange javax.mail.Transport.send jakarta.mail.Transport.send
value build: J.net.http.HttpRequest.newBuilder J.net.http.HttpRequest$Builder.uri J.net.http.HttpRequest$Builder.header J.net.http.HttpRequest$Builder.headers J.net.http.HttpRequest$Builder.build J.net.http.HttpRequest$Builder.GET okhttp3.Request$Builder.url okhttp3.Request$Builder.header okhttp3.Request$Builder.addHeader okhttp3.Request$Builder.build okhttp3.Request$Builder.get org.apache.http.client.methods.HttpGet org.apache.hc.client5.http.classic.methods.HttpGet org.jsoup.Jsoup.connect org.jsoup.Connection.userAgent org.jsoup.Connection.header org.jsoup.Connection.ignoreContentType kong.unirest.Unirest.get
value body: J.net.http.HttpRequest$Builder.POST J.net.http.HttpRequest$Builder.PUT J.net.http.HttpRequest$Builder.method okhttp3.Request$Builder.post okhttp3.Request$Builder.put okhttp3.Request$Builder.patch okhttp3.Request$Builder.method org.apache.http.client.methods.HttpPost org.apache.http.client.methods.HttpPut org.apache.http.client.methods.HttpPost.setEntity org.apache.http.client.methods.HttpEntityEnclosingRequestBase.setEntity org.apache.hc.client5.http.classic.methods.HttpPost org.apache.hc.client5.http.classic.methods.HttpPost.setEntity org.jsoup.Connection.data org.jsoup.Connection.requestBody kong.unirest.Unirest.post kong.unirest.HttpRequestWithBody.body
fetch: org.springframework.web.client.RestTemplate.getForObject org.springframework.web.client.RestTemplate.getForEntity com.google.common.io.Resources.toString com.google.common.io.Resources.toByteArray
fetch file: org.apache.commons.io.FileUtils.copyURLToFile
socket join: J.net.Socket javax.net.SocketFactory.createSocket javax.net.ssl.SSLSocketFactory.createSocket J.net.Socket.connect J.nio.channels.SocketChannel.open J.nio.channels.SocketChannel.connect J.net.ServerSocket J.net.DatagramSocket
value received: J.net.Socket.getInputStream javax.net.ssl.SSLSocket.getInputStream J.nio.channels.SocketChannel.read J.net.ServerSocket.accept J.net.DatagramSocket.receive
send given: J.net.DatagramSocket.send
dns: J.net.InetAddress.getByName J.net.InetAddress.getAllByName javax.naming.directory.InitialDirContext.getAttributes javax.naming.directory.DirContext.getAttributes javax.naming.InitialContext.lookup javax.naming.Context.lookup
env: J.lang.System.getenv
sysinfo: J.net.InetAddress.getLocalHost J.net.NetworkInterface.getNetworkInterfaces J.net.InetAddress.getHostName J.lang.System.getProperties
value property: J.lang.System.getProperty
read-file path: J.nio.file.Files.readAllBytes J.nio.file.Files.readString J.nio.file.Files.readAllLines J.nio.file.Files.lines J.nio.file.Files.newInputStream J.nio.file.Files.newBufferedReader J.io.FileInputStream J.io.FileReader J.io.RandomAccessFile org.apache.commons.io.FileUtils.readFileToString org.apache.commons.io.FileUtils.readFileToByteArray com.google.common.io.Files.toString com.google.common.io.Files.toByteArray com.google.common.io.Files.asCharSource okio.Okio.source kotlin.io.FilesKt.readText$default kotlin.io.FilesKt.readBytes
read-own: J.lang.Class.getResourceAsStream J.lang.ClassLoader.getResourceAsStream J.lang.ClassLoader.getSystemResourceAsStream J.lang.Class.getResource J.lang.ClassLoader.getResource
write-file path: J.nio.file.Files.write J.nio.file.Files.writeString J.io.FileOutputStream J.io.FileWriter J.nio.file.Files.newOutputStream J.nio.file.Files.newBufferedWriter org.apache.commons.io.FileUtils.writeStringToFile org.apache.commons.io.FileUtils.writeByteArrayToFile com.google.common.io.Files.write kotlin.io.FilesKt.writeText$default kotlin.io.FilesKt.writeBytes kotlin.io.FilesKt.appendText$default
write-file copy: J.nio.file.Files.copy J.nio.file.Files.move org.apache.commons.io.FileUtils.copyInputStreamToFile org.apache.commons.io.FileUtils.copyToFile
write-exec: J.io.File.setExecutable J.nio.file.Files.setPosixFilePermissions
delete: J.nio.file.Files.delete J.nio.file.Files.deleteIfExists org.apache.commons.io.FileUtils.deleteDirectory kotlin.io.FilesKt.deleteRecursively
list-dir: J.nio.file.Files.walk J.nio.file.Files.walkFileTree J.nio.file.Files.list J.io.File.listFiles J.nio.file.Files.find
native: J.lang.System.load J.lang.Runtime.load com.sun.jna.Native.load com.sun.jna.Native.loadLibrary com.sun.jna.NativeLibrary.getInstance
inject: com.sun.jna.platform.win32.Kernel32.WriteProcessMemory com.sun.jna.platform.win32.Kernel32.CreateRemoteThread com.sun.jna.platform.win32.Kernel32.VirtualAllocEx com.sun.tools.attach.VirtualMachine.loadAgent com.sun.tools.attach.VirtualMachine.loadAgentPath
clipboard: J.awt.datatransfer.Clipboard.getContents J.awt.datatransfer.Clipboard.getData J.awt.datatransfer.Clipboard.setContents
screen: J.awt.Robot.createScreenCapture
keyboard: com.github.kwhat.jnativehook.GlobalScreen.addNativeKeyListener org.jnativehook.GlobalScreen.addNativeKeyListener lc.kra.system.keyboard.GlobalKeyboardHook.addKeyListener
persist: com.sun.jna.platform.win32.Advapi32Util.registrySetStringValue
decode base64: J.util.Base64$Decoder.decode J.util.Base64$Decoder.wrap javax.xml.bind.DatatypeConverter.parseBase64Binary jakarta.xml.bind.DatatypeConverter.parseBase64Binary org.apache.commons.codec.binary.Base64.decodeBase64 org.apache.commons.codec.binary.Base64.decode sun.misc.BASE64Decoder.decodeBuffer android.util.Base64.decode com.google.common.io.BaseEncoding.decode
decode hex: javax.xml.bind.DatatypeConverter.parseHexBinary org.apache.commons.codec.binary.Hex.decodeHex J.util.HexFormat.parseHex org.bouncycastle.util.encoders.Hex.decode
decode gzip: J.util.zip.GZIPInputStream
decode zlib: J.util.zip.InflaterInputStream J.util.zip.Inflater.inflate J.util.zip.Inflater.setInput
decode percent: J.net.URLDecoder.decode
decrypt: javax.crypto.Cipher.doFinal javax.crypto.Cipher.update javax.crypto.CipherInputStream
value class: J.lang.Class.forName J.lang.ClassLoader.loadClass
value method: J.lang.Class.getMethod J.lang.Class.getDeclaredMethod J.lang.invoke.MethodHandles$Lookup.findVirtual J.lang.invoke.MethodHandles$Lookup.findStatic
value invoke: J.lang.reflect.Method.invoke J.lang.invoke.MethodHandle.invoke J.lang.invoke.MethodHandle.invokeExact J.lang.invoke.MethodHandle.invokeWithArguments
value path: J.io.File J.nio.file.Paths.get J.nio.file.Path.of J.nio.file.Path.resolve J.nio.file.FileSystem.getPath
value same: J.net.URL J.net.URI J.net.URI.create J.lang.String.trim J.lang.String.toString J.lang.String.intern J.lang.String.strip J.lang.String.getBytes J.lang.String.toCharArray J.lang.Object.toString J.lang.StringBuilder.toString J.lang.StringBuffer.toString J.io.File.toPath J.io.File.getPath J.io.File.getAbsolutePath J.io.File.toString J.io.File.toURI J.nio.file.Path.toFile J.nio.file.Path.toString J.nio.file.Path.toAbsolutePath J.nio.file.Path.toUri J.nio.file.Path.normalize J.lang.String.valueOf J.lang.String.copyValueOf J.lang.String.format J.lang.String.formatted J.lang.CharSequence.toString J.net.http.HttpRequest$BodyPublishers.ofString J.net.http.HttpRequest$BodyPublishers.ofByteArray J.util.Objects.requireNonNull J.nio.charset.Charset.encode J.io.ByteArrayInputStream J.io.ByteArrayOutputStream.toByteArray J.lang.Integer.parseInt J.lang.Integer.valueOf J.lang.Character.valueOf J.lang.Byte.valueOf J.lang.Integer.intValue J.lang.Character.charValue J.lang.Byte.byteValue J.util.Optional.get J.util.stream.Stream.toArray J.util.List.toArray J.util.ArrayList.toArray kotlin.text.StringsKt.trim
value text: J.lang.String
value append: J.lang.StringBuilder J.lang.StringBuffer J.lang.StringBuilder.append J.lang.StringBuffer.append J.lang.String.concat J.lang.Appendable.append J.io.StringWriter.write J.io.ByteArrayOutputStream.write J.util.StringJoiner.add kotlin.jvm.internal.Intrinsics.stringPlus
value insert: J.lang.StringBuilder.insert
value reverse: J.lang.StringBuilder.reverse J.lang.StringBuffer.reverse
value replace: J.lang.String.replace J.lang.String.replaceAll
value charAt: J.lang.String.charAt J.lang.StringBuilder.charAt J.lang.CharSequence.charAt
value length: J.lang.String.length J.lang.StringBuilder.length J.lang.CharSequence.length
value substring: J.lang.String.substring
value lower: J.lang.String.toLowerCase
value upper: J.lang.String.toUpperCase
value split: J.lang.String.split
value join: J.lang.String.join
value list: J.util.Arrays.asList J.util.List.of J.util.Set.of J.util.stream.Stream.of kotlin.collections.CollectionsKt.listOf
value add: J.util.List.add J.util.ArrayList.add J.util.Collection.add J.util.Set.add J.util.Map.put J.util.HashMap.put J.util.StringJoiner.add J.util.LinkedList.add
value tested: J.lang.String.equals J.lang.String.contains J.lang.String.startsWith J.lang.String.endsWith J.lang.String.equalsIgnoreCase J.lang.String.isEmpty J.lang.String.hashCode J.io.File.exists J.io.File.isDirectory J.nio.file.Files.exists J.nio.file.Files.isDirectory J.lang.String.indexOf J.lang.String.matches
`
