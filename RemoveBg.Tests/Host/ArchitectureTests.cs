using Mono.Cecil;
using Mono.Cecil.Cil;
using RemoveBg.Core;

namespace RemoveBg.Tests.Host;

/// <summary>The arrows between the folders of Core go one way. Read from the compiled
/// code, method bodies included.</summary>
public sealed class ArchitectureTests
{
    private const string Root = "RemoveBg.Core";

    [Test]
    public void No_two_folders_of_core_need_each_other_directly_or_by_others()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(RemoveBgServices).Assembly.Location);
        var arrows = Arrows(assembly.MainModule);
        Assert.That(arrows, Has.Count.GreaterThan(10), "folders were found");
        Assert.That(Cycle(arrows.ToDictionary(arrow => arrow.Key, arrow => arrow.Value.Keys.ToHashSet())) is { } cycle
            ? string.Join("\n", cycle.Zip(cycle.Skip(1), (from, to) => $"{from} -> {to}: {arrows[from][to]}"))
            : null, Is.Null);
    }

    [Test]
    public void Core_references_neither_host()
    {
        var references = typeof(RemoveBgServices).Assembly.GetReferencedAssemblies().Select(name => name.Name!);
        Assert.That(references, Has.None.StartsWith("RemoveBg.").And.None.StartsWith("Microsoft.AspNetCore")
            .And.None.StartsWith("Microsoft.Azure.Functions"));
    }

    [Test]
    public void A_cycle_of_three_is_found_and_a_diamond_is_not_a_cycle()
    {
        Assert.That(Cycle(new() { ["a"] = ["b", "c"], ["b"] = ["d"], ["c"] = ["d"], ["d"] = [] }), Is.Null);
        Assert.That(Cycle(new() { ["a"] = ["b"], ["b"] = ["c"], ["c"] = ["a"] }),
            Is.EqualTo(new[] { "a", "b", "c", "a" }));
    }

    /// <returns>For each folder those that it needs, each with one example.</returns>
    private static Dictionary<string, Dictionary<string, string>> Arrows(ModuleDefinition module)
    {
        var arrows = new Dictionary<string, Dictionary<string, string>>();
        foreach (var type in module.GetTypes().Where(type => Folder(type) is not null))
        {
            var needs = arrows.TryGetValue(Folder(type)!, out var found) ? found : arrows[Folder(type)!] = [];
            foreach (var used in Uses(type))
                if (Folder(used) is { } folder && folder != Folder(type))
                    needs.TryAdd(folder, $"{type.FullName} uses {used.FullName}");
        }
        return arrows;
    }

    /// <returns>The first folder below RemoveBg.Core; null for the root, which puts all
    /// together, and for others' types.</returns>
    private static string? Folder(TypeReference type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type.Namespace.StartsWith(Root + ".", StringComparison.Ordinal) ? type.Namespace.Split('.')[2] : null;
    }

    private static IEnumerable<TypeReference> Uses(TypeDefinition type)
    {
        IEnumerable<TypeReference?> direct =
        [
            type.BaseType, .. type.Interfaces.Select(it => it.InterfaceType), .. type.Fields.Select(it => it.FieldType),
            .. type.CustomAttributes.Select(it => it.AttributeType), .. type.Methods.SelectMany(Uses),
        ];
        return direct.OfType<TypeReference>().SelectMany(Parts);
    }

    private static IEnumerable<TypeReference?> Uses(MethodDefinition method)
    {
        yield return method.ReturnType;
        foreach (var parameter in method.Parameters) yield return parameter.ParameterType;
        if (!method.HasBody) yield break;
        foreach (var variable in method.Body.Variables) yield return variable.VariableType;
        foreach (var instruction in method.Body.Instructions) foreach (var used in Uses(instruction)) yield return used;
    }

    private static IEnumerable<TypeReference?> Uses(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        GenericInstanceMethod generic => [generic.DeclaringType, generic.ReturnType, .. generic.GenericArguments],
        MethodReference method => [method.DeclaringType, method.ReturnType],
        FieldReference field => [field.DeclaringType, field.FieldType],
        _ => [],
    };

    /// <returns>The type itself without array and reference marks, and its generic arguments.</returns>
    private static IEnumerable<TypeReference> Parts(TypeReference type) =>
        [type.GetElementType(),
            .. type is GenericInstanceType generic ? generic.GenericArguments.SelectMany(Parts) : []];

    private static List<string>? Cycle(Dictionary<string, HashSet<string>> arrows)
    {
        var done = new HashSet<string>();
        return arrows.Keys.Order(StringComparer.Ordinal).Select(start => From(start, []))
            .FirstOrDefault(cycle => cycle is not null);

        List<string>? From(string folder, List<string> path)
        {
            if (path.IndexOf(folder) is >= 0 and var at) return [.. path[at..], folder];
            if (!done.Add(folder)) return null;
            foreach (var next in arrows.GetValueOrDefault(folder, []).Order(StringComparer.Ordinal))
                if (From(next, [.. path, folder]) is { } cycle) return cycle;
            return null;
        }
    }
}
