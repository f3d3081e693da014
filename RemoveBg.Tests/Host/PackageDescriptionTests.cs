using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using RemoveBg.Package;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Host;

/// <summary>The package's description by publish, and that the package depends on the source alone.</summary>
public sealed class PackageDescriptionTests
{
    private string _folder = null!;
    private JsonDocument _sbom = null!;
    private List<JsonElement> _components = null!;

    [OneTimeSetUp]
    public async Task PublishAsync()
    {
        _folder = await PublishedFunctions.FolderAsync();
        _sbom = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "sbom.cdx.json")));
        _components = [.. _sbom.RootElement.GetProperty("components").EnumerateArray()];
    }

    [OneTimeTearDown]
    public void CloseSbom() => _sbom.Dispose();

    [Test]
    public void Every_library_and_model_in_the_package_belongs_to_one_component()
    {
        var programs = Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_folder, file).Replace('\\', '/'))
            .Where(file => Path.GetExtension(file) is ".dll" or ".exe" or ".onnx"
                || file.Contains(".so", StringComparison.Ordinal)).ToList();
        var described = _components.SelectMany(Files).ToList();
        Assert.That(programs, Has.Count.GreaterThan(50));
        Assert.That(programs, Is.SubsetOf(described));
        Assert.That(described, Is.Unique);
    }

    [Test]
    public void Every_component_has_a_name_a_version_and_a_licence()
    {
        var all = _components.Concat(_components.SelectMany(Parts)).ToList();
        Assert.That(all.Where(component => string.IsNullOrEmpty(Optional(component, "name"))
            || string.IsNullOrEmpty(Optional(component, "version")) || Licence(component).Length == 0), Is.Empty);
        Assert.That(all.Select(component => component.Text("bom-ref")), Is.Unique);
    }

    [Test]
    public void The_libraries_inside_libvips_are_listed()
    {
        var parts = _components.Single(component => component.Text("name") == "NetVips.Native.linux-x64");
        Assert.That(Parts(parts).Select(part => $"{part.Text("name")}: {Licence(part)}"), Is.SupersetOf(
            ["libvips: LGPL-3.0-or-later", "libwebp: BSD-3-Clause", "libexif: LGPL-3.0-or-later", "expat: MIT"]));
    }

    [Test]
    public void The_libraries_inside_the_second_decoder_are_listed()
    {
        var decoder = _components.Single(component => component.Text("name") == "Magick.NET-Q8-x64");
        Assert.That(Parts(decoder).Select(part => part.Text("name")),
            Is.SupersetOf(["ImageMagick", "libheif", "libde265", "aom", "libtiff", "libjxl"]));
    }

    /// <summary>The host's extensions, in .azurefunctions, are restored by the SDK and not locked by us.</summary>
    [Test]
    public void Every_package_of_the_worker_has_its_locked_version()
    {
        using var locked = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Repo.Root, "RemoveBg.Functions", "packages.lock.json")));
        var versions = locked.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .Where(package => package.Value.TryGetProperty("resolved", out _))
            .Select(package => $"pkg:nuget/{package.Name}@{package.Value.Text("resolved")}").ToHashSet();
        var shipped = _components.Where(component => Optional(component, "purl") is { } purl
            && purl.StartsWith("pkg:nuget/", StringComparison.Ordinal)
            && Files(component).Any(file => !file.StartsWith('.'))).ToList();
        Assert.That(shipped, Has.Count.GreaterThan(30));
        Assert.That(shipped.Select(component => component.Text("purl")), Is.SubsetOf(versions));
        Assert.That(shipped, Is.All.Matches<JsonElement>(component =>
            component.GetProperty("hashes")[0].Text("content") is { Length: 128 }));
    }

    [Test]
    public void The_notices_name_every_component_and_have_the_texts_of_its_licence()
    {
        var notices = File.ReadAllText(Path.Combine(_folder, "THIRD-PARTY-NOTICES.txt"));
        foreach (var component in _components)
            Assert.That(notices, Does.Contain(
                $"\n{component.Text("name")} {component.Text("version")}: {Licence(component)} ["));
        Assert.That(notices, Does.Contain("GNU LESSER GENERAL PUBLIC LICENSE").And.Contain("Apache License")
            .And.Contain("Permission is hereby granted, free of charge").And.Contain("Skia"));
    }

    [Test]
    public void A_program_of_unknown_origin_fails_the_publish()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "stray.bin"), "\u007fELF stray"u8.ToArray());
        Assert.That(() => Published.Components(Of(folder.Path)),
            Throws.TypeOf<PackageException>().With.Message.Contains("stray.bin"));
    }

    [Test]
    public void A_model_of_unknown_licence_fails_the_publish()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "found.onnx"), [1]);
        Assert.That(() => Published.Components(Of(folder.Path)),
            Throws.TypeOf<PackageException>().With.Message.Contains("found.onnx"));
    }

    [Test]
    public void A_model_of_a_users_manifest_has_the_licence_that_it_states()
    {
        using TemporaryFolder folder = new(), repository = new();
        var models = Directory.CreateDirectory(Path.Combine(repository.Path, "models")).FullName;
        GreyNetwork.Write(models, [1], "\"licence\": \"BSD-3-Clause\"");
        File.Copy(Path.Combine(models, "my-network.onnx"), Path.Combine(folder.Path, "my-network.onnx"));
        var model = Published.Components(Of(folder.Path) with { Repository = repository.Path }).Single();
        Assert.That((model.Name, Licence: model.Licence.Text), Is.EqualTo(("my-network", "BSD-3-Clause")));
    }

    [Test]
    public void A_package_of_unknown_licence_fails_the_publish()
    {
        using var folder = new TemporaryFolder();
        var package = Path.Combine(folder.Path, "packages", "odd", "1.0.0");
        Directory.CreateDirectory(package);
        File.WriteAllText(Path.Combine(package, "odd.nuspec"),
            "<package><metadata><licenseUrl>https://example.com/odd</licenseUrl></metadata></package>");
        File.WriteAllBytes(Path.Combine(package, "odd.dll"), "MZ odd"u8.ToArray());
        var assets = Path.Combine(folder.Path, "project.assets.json");
        File.WriteAllText(assets, JsonSerializer.Serialize(new
        {
            packageFolders = new Dictionary<string, object> { [Path.Combine(folder.Path, "packages")] = new { } },
            libraries = new Dictionary<string, object>
            {
                ["Odd/1.0.0"] = new { type = "package", path = "odd/1.0.0", sha512 = "", files = new[] { "odd.dll" } },
            },
            targets = new { },
        }));
        var published = Path.Combine(folder.Path, "published");
        Directory.CreateDirectory(published);
        File.Copy(Path.Combine(package, "odd.dll"), Path.Combine(published, "odd.dll"));
        Assert.That(() => Published.Components(Of(published) with { Assets = [assets] }),
            Throws.TypeOf<PackageException>().With.Message.Contains("licence of Odd 1.0.0"));
    }

    [Test]
    public void The_base_images_packages_and_frameworks_are_components_with_their_licences()
    {
        using var root = new TemporaryFolder();
        void Put(string path, string text)
        {
            var file = Path.Combine(root.Path, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
        Put("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n");
        Put("var/lib/dpkg/status", "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\n"
            + "Version: 1:1.3.dfsg-3\nDescription: compression\n more\n\n"
            + "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
            + "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.39-0\n");
        Put("usr/share/doc/zlib1g/copyright", "Format: https://x\n\nFiles: *\nLicense: Zlib\n text\n");
        Put("usr/share/doc/libc6/copyright", "Old style; see /usr/share/common-licenses/LGPL-2.1.\n");
        Put("usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/x.dll", "");

        var components = BaseImage.Components(root.Path, Path.Combine(Repo.Root, "Dockerfile"))
            .Select(component => $"{component.Reference} {component.Licence.Text}");

        Assert.That(components, Is.EqualTo(new[]
        {
            "image:mcr.microsoft.com/dotnet/aspnet:10.0 See the licences of its parts",
            "pkg:generic/Microsoft.NETCore.App@10.0.1 MIT",
            "pkg:deb/ubuntu/zlib1g@1%3A1.3.dfsg-3?arch=amd64&distro=ubuntu-24.04 Zlib",
            "pkg:deb/ubuntu/libc6@2.39-0?arch=amd64&distro=ubuntu-24.04 LGPL-2.1",
        }));
    }

    [Test]
    public void The_same_files_make_the_same_zip()
    {
        using TemporaryFolder one = new(), other = new(), zips = new();
        string[] names = ["b.txt", "a.txt", "sbom.cdx.json", "THIRD-PARTY-NOTICES.txt"];
        foreach (var name in names) File.WriteAllText(Path.Combine(one.Path, name), name);
        foreach (var name in names.Reverse())
        {
            var file = Path.Combine(other.Path, name);
            File.WriteAllText(file, name);
            File.SetLastWriteTimeUtc(file, new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        }
        var (first, second) = (Path.Combine(zips.Path, "1.zip"), Path.Combine(zips.Path, "2.zip"));
        Package.Zip.Write(one.Path, first);
        Package.Zip.Write(other.Path, second);
        Assert.That(File.ReadAllBytes(second), Is.EqualTo(File.ReadAllBytes(first)));
    }

    /// <summary>Stack traces name source files; the folder of the build would make each build different.</summary>
    [TestCase("RemoveBg.Core.dll")]
    [TestCase("RemoveBg.Functions.dll")]
    public void Source_files_have_the_same_names_wherever_they_are_compiled(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(_folder, assembly)));
        var entry = file.ReadDebugDirectory()
            .Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        using var symbols = file.ReadEmbeddedPortablePdbDebugDirectoryData(entry);
        var reader = symbols.GetMetadataReader();
        var names = reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name)).ToList();
        Assert.That(names, Is.Not.Empty.And.All.StartsWith("/_/"));
    }

    /// <summary>Two copies of the source in two folders, published by the documented command.</summary>
    [Test, Category("Chaos")]
    public async Task The_same_source_in_two_folders_makes_the_same_zip()
    {
        using TemporaryFolder one = new(), other = new();
        var longer = Path.Combine(other.Path, "another", "folder");
        foreach (var folder in new[] { one.Path, longer })
        {
            CopySource(Repo.Root, folder);
            var (code, output) = await Dotnet.RunAsync(folder, [], ["publish", "RemoveBg.Functions", "-c", "Release",
                "-o", "publish", "-p:PackageFile=app.zip", "-nologo", .. Dotnet.NoServer]);
            Assert.That(code, Is.Zero, output);
        }
        var files = Directory.EnumerateFiles(Path.Combine(one.Path, "publish"), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(one.Path, file)).Append("app.zip").ToList();
        Assert.That(files.Where(file => !File.ReadAllBytes(Path.Combine(one.Path, file)).AsSpan()
            .SequenceEqual(File.ReadAllBytes(Path.Combine(longer, file)))), Is.Empty);
    }

    private static void CopySource(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            if (entry.Name is ".git" or ".local" or "node_modules" or "artifacts" or "bin" or "obj" or "publish"
                or "RemoveBg.Tests" or "training") continue;
            if (entry is DirectoryInfo) CopySource(entry.FullName, Path.Combine(to, entry.Name));
            else File.Copy(entry.FullName, Path.Combine(to, entry.Name));
        }
    }

    private static Options Of(string folder) => new(folder, "Test", "1.0.0", Repo.Root, [], null, null);

    private static IEnumerable<string> Files(JsonElement component) =>
        component.TryGetProperty("evidence", out var evidence)
            ? evidence.GetProperty("occurrences").EnumerateArray().Select(file => file.Text("location")!) : [];

    private static IEnumerable<JsonElement> Parts(JsonElement component) =>
        component.TryGetProperty("components", out var parts) ? parts.EnumerateArray() : [];

    private static string Licence(JsonElement component) => component.GetProperty("licenses")[0] is var stated
        && stated.TryGetProperty("license", out var licence)
            ? Optional(licence, "id") ?? Optional(licence, "name") ?? ""
            : Optional(stated, "expression") ?? "";

    private static string? Optional(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) ? value.GetString() : null;
}
