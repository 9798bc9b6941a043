package bench

import "github.com/gatehouse-project/gatehouse/test/quality/corpus"

// scanned are the packages that a scan is measured on: from one file of 34 kB to a
// compiler of 19 MB and a wheel of 53 MB that is mostly a program. They are real releases, fetched by the installed clients and refused when
// their bytes are not these.
var scanned = []corpus.Release{
	{Ecosystem: "pypi", Name: "six", Version: "1.17.0", Form: corpus.Wheel, File: "six-1.17.0-py2.py3-none-any.whl", SHA256: "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"},
	{Ecosystem: "pypi", Name: "requests", Version: "2.34.2", Form: corpus.Wheel, File: "requests-2.34.2-py3-none-any.whl", SHA256: "2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0"},
	{Ecosystem: "pypi", Name: "idna", Version: "3.20", Form: corpus.Wheel, File: "idna-3.20-py3-none-any.whl", SHA256: "ab7ae7122974553370f0bdb919e1a960b2cd1bc1ef0276416d896db81c14582c"},
	{Ecosystem: "pypi", Name: "pyyaml", Version: "6.0.3", Form: corpus.Sdist, File: "pyyaml-6.0.3.tar.gz", SHA256: "d76623373421df22fb4cf8817020cbb7ef15c725b9d5e45f17e189bfc384190f"},
	{Ecosystem: "pypi", Name: "pyyaml", Version: "6.0.3", Form: corpus.Wheel, File: "pyyaml-6.0.3-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl", SHA256: "ba1cc08a7ccde2d2ec775841541641e4548226580ab850948cbfda66a1befcdc"},
	{Ecosystem: "npm", Name: "lodash", Version: "4.18.1", Form: corpus.Tgz, File: "lodash-4.18.1.tgz", SHA256: "696942c2a488c9d7428e9ca5f12ccf03b52de01dcdbfe4d4751d392f0491ae16"},
	{Ecosystem: "npm", Name: "axios", Version: "1.21.1", Form: corpus.Tgz, File: "axios-1.21.1.tgz", SHA256: "5659acb8c9414ad88aa539db8e529947c9bac8cdf55973e314a078fc0205751c"},
	{Ecosystem: "pypi", Name: "setuptools", Version: "84.2.1", Form: corpus.Wheel, File: "setuptools-84.2.1-py3-none-any.whl", SHA256: "ca140b45d5325a9478f880e351484f62fef15f336462e449ca0c03c873d589c2"},
	{Ecosystem: "npm", Name: "webpack", Version: "5.112.2", Form: corpus.Tgz, File: "webpack-5.112.2.tgz", SHA256: "fb618a5eba0f16fa43ed720cc4634df4e88c65d594c0e0ad2c5c0c9be4057dfe"},
	{Ecosystem: "npm", Name: "react-dom", Version: "19.3.1", Form: corpus.Tgz, File: "react-dom-19.3.1.tgz", SHA256: "8b49975821eec6311e00d2b3f4b8337923253c876517388a33f9839c61ab262e"},
	{Ecosystem: "pypi", Name: "django", Version: "6.1.3", Form: corpus.Wheel, File: "django-6.1.3-py3-none-any.whl", SHA256: "a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290"},
	{Ecosystem: "pypi", Name: "django", Version: "5.2.19", Form: corpus.Sdist, File: "django-5.2.19.tar.gz", SHA256: "ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1"},
	{Ecosystem: "pypi", Name: "botocore", Version: "1.44.5", Form: corpus.Wheel, File: "botocore-1.44.5-py3-none-any.whl", SHA256: "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921"},
	{Ecosystem: "pypi", Name: "numpy", Version: "2.5.5", Form: corpus.Wheel, File: "numpy-2.5.5-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", SHA256: "704d819265e5d1064d932968e9ee85fff2103ccc78c05b878c06943ba27b8507"},
	{Ecosystem: "npm", Name: "typescript", Version: "5.9.3", Form: corpus.Tgz, File: "typescript-5.9.3.tgz", SHA256: "10e108c9cf7d5f2879053dff18515fb405abf2ccef63eaaf017d9c571687a1d3"},
	{Ecosystem: "pypi", Name: "playwright", Version: "1.65.2", Form: corpus.Wheel, File: "playwright-1.65.2-py3-none-manylinux1_x86_64.whl", SHA256: "58932d35f56767ab7ebcdd3d4a733bfb3e62a1a5bc43c08e28b9fa9b3e61cf33"},
}
